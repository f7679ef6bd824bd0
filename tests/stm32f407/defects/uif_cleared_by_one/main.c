/* Sleeps between wake-ups of TIM2 at 20 Hz; sleep-on-exit takes over after the third. */
#include "stm32f4xx.h"

volatile uint32_t wakes;
volatile uint32_t main_passes;

void TIM2_IRQHandler(void)
{
    TIM2->SR |= TIM_SR_UIF;
    wakes++;
    if (wakes == 3)
        SCB->SCR |= SCB_SCR_SLEEPONEXIT_Msk;
}

int main(void)
{
    RCC->APB1ENR |= RCC_APB1ENR_TIM2EN;
    TIM2->PSC = 16000 - 1;
    TIM2->ARR = 50 - 1;
    TIM2->EGR = TIM_EGR_UG;
    TIM2->SR = 0;
    TIM2->DIER = TIM_DIER_UIE;
    NVIC_EnableIRQ(TIM2_IRQn);
    TIM2->CR1 = TIM_CR1_CEN;
    for (;;) {
        __DSB();
        __WFI();
        main_passes++;
    }
}
