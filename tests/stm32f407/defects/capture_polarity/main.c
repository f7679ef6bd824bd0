/* PWM from TIM3 (PA6) is measured by TIM5 in PWM input mode (PA0): period on CCR1, high time on CCR2. */
#include <stdio.h>
#include "stm32f4xx.h"

volatile uint32_t period_us, high_us, captures;

static void generator(void)
{
    TIM3->PSC = 15;                         /* 1 MHz */
    TIM3->ARR = 1249;                       /* 800 Hz */
    TIM3->CCR1 = 500;
    TIM3->CCMR1 = TIM_CCMR1_OC1M_2 | TIM_CCMR1_OC1M_1 | TIM_CCMR1_OC1PE;
    TIM3->CCER = TIM_CCER_CC1E;
    TIM3->CR1 = TIM_CR1_ARPE;
    TIM3->EGR = TIM_EGR_UG;
    TIM3->CR1 |= TIM_CR1_CEN;
}

static void meter(void)
{
    TIM5->PSC = 15;
    TIM5->EGR = TIM_EGR_UG;
    TIM5->CCMR1 = TIM_CCMR1_CC1S_0          /* IC1 from TI1 */
                | TIM_CCMR1_CC2S_1;         /* IC2 from TI1 too */
    TIM5->CCER = 0;             /* CC1 rising, CC2 falling */
    TIM5->SMCR = (5u << TIM_SMCR_TS_Pos) | (4u << TIM_SMCR_SMS_Pos);   /* reset by TI1FP1 */
    TIM5->CCER |= TIM_CCER_CC1E | TIM_CCER_CC2E;
    TIM5->SR = 0;
    TIM5->DIER = TIM_DIER_CC1IE;
    NVIC_EnableIRQ(TIM5_IRQn);
    TIM5->CR1 = TIM_CR1_CEN;
}

void TIM5_IRQHandler(void)
{
    if (TIM5->SR & TIM_SR_CC1IF) {
        uint32_t period = TIM5->CCR1;       /* reading clears CC1IF */
        uint32_t high = TIM5->CCR2;
        if (++captures > 1u) {              /* the first edge has no period before it */
            period_us = period;
            high_us = high;
        }
    }
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    RCC->APB1ENR |= RCC_APB1ENR_TIM3EN | RCC_APB1ENR_TIM5EN;
    GPIOA->AFR[0] |= (2u << 0) | (2u << 24);
    GPIOA->MODER |= (2u << 0) | (2u << 12);
    meter();
    generator();
    while (captures < 10u)
        ;
    for (;;)
        __WFI();
}
