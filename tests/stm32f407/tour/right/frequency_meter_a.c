// frequency_meter
#include <stdio.h>
#include "stm32f4xx.h"

volatile uint32_t period_us, frequency_hz;
static volatile uint32_t measured;

void TIM2_IRQHandler(void)
{
    static uint32_t last;
    static int primed;
    uint32_t now = TIM2->CCR1;
    if (primed) {
        period_us = now - last;
        frequency_hz = (1000000u + period_us / 2u) / period_us;
        measured++;
    }
    primed = 1;
    last = now;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    RCC->APB1ENR |= RCC_APB1ENR_TIM2EN | RCC_APB1ENR_USART2EN;
    GPIOA->AFR[0] |= (1u << 0) | (7u << 8);
    GPIOA->MODER |= (2u << 0) | (2u << 4);
    USART2->BRR = 139;
    USART2->CR1 = USART_CR1_UE | USART_CR1_TE;

    TIM2->PSC = 15;
    TIM2->EGR = TIM_EGR_UG;
    TIM2->CCMR1 = TIM_CCMR1_CC1S_0;
    TIM2->CCER = TIM_CCER_CC1E;
    TIM2->DIER = TIM_DIER_CC1IE;
    NVIC_EnableIRQ(TIM2_IRQn);
    TIM2->CR1 = TIM_CR1_CEN;
    while (measured < 8u)
        __WFE();
    printf("f=%lu Hz\n", (unsigned long)frequency_hz);
    for (;;)
        __WFI();
}
