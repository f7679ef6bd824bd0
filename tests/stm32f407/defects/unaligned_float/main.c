/* Floating point in two nested interrupts and in main: lazy stacking must keep every S register. */
#include "stm32f4xx.h"

volatile float filter_out, fast_out;
volatile uint32_t wrong, rounds, low_runs, high_runs;

void TIM3_IRQHandler(void)               /* low priority, a first order filter */
{
    TIM3->SR = ~TIM_SR_UIF;
    float a = filter_out;
    for (int i = 0; i < 30; i++)
        a += 0.25f * (10.0f - a);
    filter_out = a;
    low_runs++;
}

void TIM4_IRQHandler(void)               /* high priority */
{
    TIM4->SR = ~TIM_SR_UIF;
    float x = 1.0f;
    for (int i = 1; i < 6; i++)
        x = 0.5f * (x + 2.0f / x);
    fast_out = x;
    high_runs++;
}

__attribute__((noipa)) static float series(int terms)
{
    float a = 0.0f, b = 0.0f, c = 1.0f, d = 2.0f;
    for (int i = 1; i <= terms; i++) {
        float f = (float)i;
        a += 1.0f / f;
        b += 1.0f / (f * f);
        c *= 1.0f + 1.0f / (f * f * f);
        d -= 1.0f / (f + 3.0f);
    }
    return a + b * 2.0f + c * 3.0f + d * 4.0f;
}

static void periodic(TIM_TypeDef *tim, uint32_t ticks, IRQn_Type irq, uint32_t priority)
{
    tim->ARR = ticks - 1u;
    tim->DIER |= TIM_DIER_UIE;
    NVIC_SetPriority(irq, priority);
    NVIC_EnableIRQ(irq);
    tim->CR1 |= TIM_CR1_CEN;
}

static uint8_t blob[8] = {1, 0, 0, 128, 63};

__attribute__((noipa)) static float tripled(const float *value)
{
    return *value * 3.0f;
}

int main(void)
{
    fast_out = tripled((const float *)(blob + 1));
    float expected = series(200);        /* no interrupt runs yet */
    RCC->APB1ENR |= RCC_APB1ENR_TIM3EN | RCC_APB1ENR_TIM4EN;
    periodic(TIM3, 1511, TIM3_IRQn, 9);
    periodic(TIM4, 733, TIM4_IRQn, 3);
    for (rounds = 0; rounds < 60u; rounds++)
        if (series(200) != expected)
            wrong++;
    TIM3->CR1 = TIM4->CR1 = 0;
    for (;;)
        __WFI();
}
