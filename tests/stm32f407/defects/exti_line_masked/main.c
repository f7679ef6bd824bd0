/* EXTI0 is enabled in the NVIC and its edge chosen, but the line stays masked in IMR. */
#include "stm32f4xx.h"

volatile uint32_t count;

void EXTI0_IRQHandler(void)
{
    EXTI->PR = EXTI_PR_PR0;
    count++;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    RCC->APB2ENR |= RCC_APB2ENR_SYSCFGEN;
    (void)RCC->APB2ENR;
    SYSCFG->EXTICR[0] = SYSCFG_EXTICR1_EXTI0_PA;
    EXTI->RTSR |= EXTI_RTSR_TR0;
    NVIC_EnableIRQ(EXTI0_IRQn);
    for (;;)
        __WFI();
}
