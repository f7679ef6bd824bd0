/* TIM1 channel 1 and its complement with dead time on PA8 / PB13: centre-aligned 20 kHz, main output enabled by MOE. */
#include "stm32f4xx.h"

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN | RCC_AHB1ENR_GPIOBEN;
    RCC->APB2ENR |= RCC_APB2ENR_TIM1EN;

    GPIOA->AFR[1] |= 1u << GPIO_AFRH_AFSEL8_Pos;
    GPIOA->MODER |= GPIO_MODER_MODE8_1;
    GPIOB->AFR[1] |= 1u << GPIO_AFRH_AFSEL13_Pos;
    GPIOB->MODER |= GPIO_MODER_MODE13_1;

    TIM1->PSC = 0;
    TIM1->ARR = 400;                              /* 16 MHz / (2 * 400) */
    TIM1->CCR1 = 100;
    TIM1->CCMR1 = (6u << TIM_CCMR1_OC1M_Pos) | TIM_CCMR1_OC1PE;
    TIM1->CCER = TIM_CCER_CC1E | TIM_CCER_CC1NE;
    TIM1->BDTR = TIM_BDTR_MOE | 16u;              /* 16 / 16 MHz = 1 us */
    TIM1->EGR = TIM_EGR_UG;
    TIM1->CR1 = TIM_CR1_CMS_0 | TIM_CR1_ARPE | TIM_CR1_CEN;
    for (;;)
        __WFI();
}
