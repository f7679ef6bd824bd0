/* Main and an interrupt add to one counter; main closes the door for its read-modify-write. */
#include "stm32f4xx.h"

volatile uint32_t counter, from_isr, lost;

void TIM2_IRQHandler(void)
{
    TIM2->SR = 0;
    counter++;
    from_isr++;
}

static inline void add_one(void)
{
    counter++;
}

int main(void)
{
    RCC->APB1ENR |= RCC_APB1ENR_TIM2EN;
    TIM2->ARR = 150;
    TIM2->DIER = TIM_DIER_UIE;
    NVIC_EnableIRQ(TIM2_IRQn);
    TIM2->CR1 = TIM_CR1_CEN;
    for (uint32_t i = 0; i < 20000u; i++)
        add_one();
    NVIC_DisableIRQ(TIM2_IRQn);
    __DSB();
    __ISB();
    lost = 20000u + from_isr - counter;
    for (;;)
        __WFI();
}
