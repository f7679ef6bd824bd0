// frequency_meter
/* TIM5 is reset by each rising edge, so CCR1 is the period itself */
#include <stdio.h>
#include "stm32f4xx.h"

volatile uint32_t period_us;
volatile uint32_t frequency_hz;

int main(void)
{
    unsigned edges = 0;

    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    RCC->APB1ENR |= RCC_APB1ENR_TIM5EN | RCC_APB1ENR_USART2EN;
    GPIOA->MODER |= GPIO_MODER_MODER0_1 | GPIO_MODER_MODER2_1;
    GPIOA->AFR[0] |= 0x702u;
    USART2->BRR = 0x8B;
    USART2->CR1 = USART_CR1_UE | USART_CR1_TE;

    TIM5->PSC = 16 - 1;
    TIM5->EGR = TIM_EGR_UG;
    TIM5->CCMR1 = TIM_CCMR1_CC1S_0;
    TIM5->SMCR = TIM_SMCR_TS_2 | TIM_SMCR_TS_0 | TIM_SMCR_SMS_2;
    TIM5->CCER = TIM_CCER_CC1E;
    TIM5->SR = 0;
    TIM5->CR1 = TIM_CR1_URS | TIM_CR1_CEN;
    for (;;) {
        while (!(TIM5->SR & TIM_SR_CC1IF)) { }
        uint32_t ticks = TIM5->CCR1;
        if (edges++ == 0)
            continue;
        period_us = ticks;
        frequency_hz = (1000000u + ticks / 2) / ticks;
        if (edges == 9)
            printf("f=%u Hz\n", (unsigned)frequency_hz);
    }
}
