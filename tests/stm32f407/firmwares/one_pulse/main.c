/* One pulse of 500 us, 250 us after each start, from TIM3 channel 2 on PB5 (one-pulse mode, PWM mode 2). */
#include "stm32f4xx.h"

#define DELAY_US 250u
#define PULSE_US 500u

static void pulse(void)
{
    TIM3->CR1 |= TIM_CR1_CEN;
    while (TIM3->CR1 & TIM_CR1_CEN) {        /* hardware clears CEN at the update event */
    }
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOBEN;
    RCC->APB1ENR |= RCC_APB1ENR_TIM3EN;

    TIM3->PSC = 15u;
    TIM3->ARR = DELAY_US + PULSE_US - 1u;
    TIM3->CCR2 = DELAY_US;
    TIM3->CCMR1 = 7u << TIM_CCMR1_OC2M_Pos;
    TIM3->CCER = TIM_CCER_CC2E;
    TIM3->CR1 = TIM_CR1_OPM;
    TIM3->EGR = TIM_EGR_UG;
    TIM3->SR = 0;

    GPIOB->AFR[0] = (GPIOB->AFR[0] & ~(15u << 20)) | (2u << 20);
    GPIOB->MODER = (GPIOB->MODER & ~(3u << 10)) | (2u << 10);

    for (int i = 0; i < 3; i++)
        pulse();
    for (;;)
        __WFI();
}
