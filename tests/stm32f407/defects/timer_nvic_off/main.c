/* The timer asks for its interrupt, the NVIC was never told. */
#include "stm32f4xx.h"

volatile uint32_t count;

void TIM2_IRQHandler(void)
{
    TIM2->SR = 0;
    count++;
}

int main(void)
{
    RCC->APB1ENR |= RCC_APB1ENR_TIM2EN;
    (void)RCC->APB1ENR;
    TIM2->PSC = 15;
    TIM2->ARR = 999;
    TIM2->DIER = TIM_DIER_UIE;
    TIM2->CR1 = TIM_CR1_CEN;
    for (;;)
        __WFI();
}
