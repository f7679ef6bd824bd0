/* TIM9 (APB2) makes edges on PE5, TIM4 counts them as an external clock on TI1 (PB6), TIM12 is the 10 ms gate. */
#include "stm32f4xx.h"

volatile uint32_t counted, gates;

void TIM8_BRK_TIM12_IRQHandler(void)
{
    TIM12->SR = 0;
    uint32_t now = TIM4->CNT;
    static uint32_t before;
    counted = (now - before) & 0xFFFFu;
    before = now;
    gates++;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOBEN | RCC_AHB1ENR_GPIOEEN;
    RCC->APB1ENR |= RCC_APB1ENR_TIM4EN | RCC_APB1ENR_TIM12EN;
    RCC->APB2ENR |= RCC_APB2ENR_TIM9EN;
    GPIOB->AFR[0] |= 2u << 24;
    GPIOB->MODER |= 2u << 12;
    GPIOE->AFR[0] |= 3u << 20;
    GPIOE->MODER |= 2u << 10;

    TIM4->CCMR1 = TIM_CCMR1_CC1S_0;
    TIM4->CCER = 0;                              /* rising edges */
    TIM4->SMCR = (5u << TIM_SMCR_TS_Pos) | (7u << TIM_SMCR_SMS_Pos);
    TIM4->CR1 = TIM_CR1_CEN;

    TIM9->PSC = 15;
    TIM9->ARR = 39;                              /* 25 kHz */
    TIM9->CCR1 = 10;
    TIM9->CCMR1 = TIM_CCMR1_OC1M_2 | TIM_CCMR1_OC1M_1;
    TIM9->CCER = TIM_CCER_CC1E;
    TIM9->CR1 = TIM_CR1_CEN;

    TIM12->PSC = 159;
    TIM12->ARR = 999;                            /* 10 ms */
    TIM12->EGR = TIM_EGR_UG;
    TIM12->SR = 0;
    TIM12->DIER = TIM_DIER_UIE;
    NVIC_EnableIRQ(TIM8_BRK_TIM12_IRQn);
    TIM12->CR1 = TIM_CR1_CEN;
    for (;;)
        __WFI();
}
