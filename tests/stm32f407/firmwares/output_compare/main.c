/* TIM2 compare channels as three independent 32 bit alarms: the next time is added in the handler. PA1 toggles in hardware. */
#include "stm32f4xx.h"

typedef struct { volatile uint32_t *ccr; uint32_t flag, step; volatile uint32_t hits; } alarm_t;

alarm_t alarms[3] = {
    {&TIM2->CCR1, TIM_SR_CC1IF, 1000, 0},
    {&TIM2->CCR3, TIM_SR_CC3IF, 2500, 0},
    {&TIM2->CCR4, TIM_SR_CC4IF, 7000, 0},
};
volatile uint32_t hits[3];

void TIM2_IRQHandler(void)
{
    uint32_t sr = TIM2->SR;
    for (int i = 0; i < 3; i++) {
        if (sr & alarms[i].flag) {
            TIM2->SR = ~alarms[i].flag;
            *alarms[i].ccr += alarms[i].step;
            hits[i] = ++alarms[i].hits;
        }
    }
    if (sr & TIM_SR_CC2IF) {
        TIM2->SR = ~TIM_SR_CC2IF;
        TIM2->CCR2 += 500;
    }
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    RCC->APB1ENR |= RCC_APB1ENR_TIM2EN;
    GPIOA->AFR[0] |= 1u << 4;
    GPIOA->MODER |= 2u << 2;
    TIM2->PSC = 15;
    TIM2->ARR = 0xFFFFFFFFu;
    TIM2->EGR = TIM_EGR_UG;
    TIM2->SR = 0;
    TIM2->CNT = 0xFFFFFF00u;                       /* wraps soon: the sums must not mind */
    TIM2->CCR1 = TIM2->CNT + 1000u;
    TIM2->CCR2 = TIM2->CNT + 500u;
    TIM2->CCR3 = TIM2->CNT + 2500u;
    TIM2->CCR4 = TIM2->CNT + 7000u;
    TIM2->CCMR1 = 3u << TIM_CCMR1_OC2M_Pos;        /* toggle on match */
    TIM2->CCER = TIM_CCER_CC2E;
    TIM2->DIER = TIM_DIER_CC1IE | TIM_DIER_CC2IE | TIM_DIER_CC3IE | TIM_DIER_CC4IE;
    NVIC_EnableIRQ(TIM2_IRQn);
    TIM2->CR1 = TIM_CR1_CEN;
    for (;;)
        __WFI();
}
