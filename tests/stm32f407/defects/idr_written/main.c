/* TIM6 interrupts every millisecond and drives a pin; TIM7 counts seconds' worth of slower events. */
#include "stm32f4xx.h"

static volatile uint32_t fast_count;
static volatile uint32_t slow_count;

void TIM6_DAC_IRQHandler(void)
{
    TIM6->SR = ~TIM_SR_UIF;
    fast_count++;
    GPIOC->IDR ^= 1u << 3;
}

void TIM7_IRQHandler(void)
{
    if (TIM7->SR & TIM_SR_UIF) {
        TIM7->SR &= ~TIM_SR_UIF;
        slow_count++;
    }
}

static void basic_timer(TIM_TypeDef *tim, IRQn_Type irq, uint32_t hz)
{
    tim->PSC = SystemCoreClock / 1000000u - 1u;     /* counts microseconds */
    tim->ARR = 1000000u / hz - 1u;
    tim->EGR = TIM_EGR_UG;                          /* load the prescaler now, then drop the flag UG set */
    tim->SR = 0;
    tim->DIER = TIM_DIER_UIE;
    NVIC_EnableIRQ(irq);
    tim->CR1 = TIM_CR1_CEN;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOCEN;
    RCC->APB1ENR |= RCC_APB1ENR_TIM6EN | RCC_APB1ENR_TIM7EN;
    GPIOC->MODER |= 1u << 6;
    basic_timer(TIM6, TIM6_DAC_IRQn, 1000);
    basic_timer(TIM7, TIM7_IRQn, 40);
    for (;;)
        __WFI();
}
