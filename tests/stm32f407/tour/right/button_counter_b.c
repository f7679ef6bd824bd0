// button_counter
/* The 8 ms run in TIM7 (one pulse), restarted by every edge */
#include "stm32f4xx.h"

volatile uint32_t presses;
static enum { RELEASED, PRESSED } state;

void EXTI15_10_IRQHandler(void)
{
    if (EXTI->PR & EXTI_PR_PR13) {
        EXTI->PR = EXTI_PR_PR13;
        TIM7->CNT = 0;
        TIM7->CR1 |= TIM_CR1_CEN;
    }
}

void TIM7_IRQHandler(void)
{
    TIM7->SR = 0;
    int low = (GPIOC->IDR & GPIO_IDR_ID13) == 0;
    if (low && state == RELEASED) {
        state = PRESSED;
        presses++;
        GPIOD->ODR = (GPIOD->ODR & 0x0FFFu) | (presses << 12);
    } else if (!low) {
        state = RELEASED;
    }
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOCEN | RCC_AHB1ENR_GPIODEN;
    RCC->APB1ENR |= RCC_APB1ENR_TIM7EN;
    RCC->APB2ENR |= RCC_APB2ENR_SYSCFGEN;
    GPIOD->MODER |= GPIO_MODER_MODER12_0 | GPIO_MODER_MODER13_0 | GPIO_MODER_MODER14_0 | GPIO_MODER_MODER15_0;
    GPIOC->PUPDR |= GPIO_PUPDR_PUPDR13_0;

    TIM7->PSC = 15;
    TIM7->ARR = 7999;
    TIM7->CR1 = TIM_CR1_OPM | TIM_CR1_URS;
    TIM7->EGR = TIM_EGR_UG;
    TIM7->DIER = TIM_DIER_UIE;

    SYSCFG->EXTICR[3] = (SYSCFG->EXTICR[3] & ~0xF0u) | 0x20u;
    EXTI->FTSR = EXTI->RTSR = 0x2000;
    EXTI->IMR = 0x2000;
    NVIC_EnableIRQ(TIM7_IRQn);
    NVIC_EnableIRQ(EXTI15_10_IRQn);
    for (;;)
        __WFI();
}
