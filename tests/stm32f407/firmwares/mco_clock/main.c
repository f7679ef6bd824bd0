/* HSI / 4 on MCO1 (PA8), SYSCLK / 5 on MCO2 (PC9); a wire carries MCO2 to the external trigger of TIM2, which counts it. */
#include "stm32f4xx.h"

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN | RCC_AHB1ENR_GPIOCEN;
    RCC->APB1ENR |= RCC_APB1ENR_TIM2EN;
    (void)RCC->APB1ENR;
    RCC->CFGR |= RCC_CFGR_MCO1PRE_2 | RCC_CFGR_MCO1PRE_1 | RCC_CFGR_MCO2PRE;
    GPIOA->MODER = (GPIOA->MODER & ~GPIO_MODER_MODER8) | GPIO_MODER_MODER8_1;
    GPIOC->MODER |= GPIO_MODER_MODER9_1;
    GPIOA->MODER |= GPIO_MODER_MODER5_1;
    GPIOA->AFR[0] |= 1u << GPIO_AFRL_AFRL5_Pos;
    TIM2->SMCR = TIM_SMCR_ECE;
    TIM2->CR1 = TIM_CR1_CEN;
    for (;;)
        __WFI();
}
