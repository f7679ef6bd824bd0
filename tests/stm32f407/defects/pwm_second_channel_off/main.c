/* Two channels have a mode and a pin, but only the first is switched on in CCER. */
#include "stm32f4xx.h"

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIODEN;
    RCC->APB1ENR |= RCC_APB1ENR_TIM4EN;
    (void)RCC->APB1ENR;
    GPIOD->AFR[1] |= 0x00220000;
    GPIOD->MODER |= GPIO_MODER_MODER12_1 | GPIO_MODER_MODER13_1;
    TIM4->PSC = 15;
    TIM4->ARR = 999;
    TIM4->CCR1 = 250;
    TIM4->CCR2 = 500;
    TIM4->CCMR1 = (6u << TIM_CCMR1_OC1M_Pos) | (6u << TIM_CCMR1_OC2M_Pos);
    TIM4->CCER = TIM_CCER_CC1E;
    TIM4->CR1 = TIM_CR1_CEN;
    for (;;)
        __WFI();
}
