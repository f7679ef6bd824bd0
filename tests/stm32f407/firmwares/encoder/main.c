/* A quadrature encoder on PA8/PA9 decoded by TIM1 (mode 3, filtered), polled every millisecond into a signed position. */
#include "stm32f4xx.h"

static volatile int32_t position;
volatile int32_t highest_position;
static int16_t last_count;

void SysTick_Handler(void)
{
    int16_t now = (int16_t)TIM1->CNT;
    position += (int16_t)(now - last_count);
    last_count = now;
    if (position > highest_position)
        highest_position = position;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    RCC->APB2ENR |= RCC_APB2ENR_TIM1EN;
    GPIOA->AFR[1] |= (1u << 0) | (1u << 4);
    GPIOA->MODER = (GPIOA->MODER & ~(0xFu << 16)) | (0xAu << 16);

    TIM1->ARR = 0xFFFF;
    TIM1->CCMR1 = TIM_CCMR1_CC1S_0 | TIM_CCMR1_CC2S_0 | (3u << TIM_CCMR1_IC1F_Pos) | (3u << TIM_CCMR1_IC2F_Pos);
    TIM1->SMCR = 3u;
    TIM1->CR1 = TIM_CR1_CEN;
    SysTick_Config(16000);
    for (;;)
        __WFI();
}
