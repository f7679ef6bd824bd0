// servo_pwm
#include "stm32f4xx.h"

static volatile uint32_t ms;

void SysTick_Handler(void)
{
    if (++ms == 100)
        TIM3->CCR1 = 2000;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOCEN;
    RCC->APB1ENR |= RCC_APB1ENR_TIM3EN;
    GPIOC->AFR[0] |= 2u << 24;
    GPIOC->MODER |= 2u << 12;
    TIM3->PSC = 16 - 1;
    TIM3->ARR = 20000 - 1;
    TIM3->CCR1 = 1500;
    TIM3->CCMR1 = TIM_CCMR1_OC1M_1 | TIM_CCMR1_OC1M_2 | TIM_CCMR1_OC1PE;
    TIM3->CCER = TIM_CCER_CC1E;
    TIM3->EGR = TIM_EGR_UG;
    TIM3->CR1 = TIM_CR1_ARPE | TIM_CR1_CEN;
    SysTick_Config(16000);
    for (;;)
        __WFI();
}
