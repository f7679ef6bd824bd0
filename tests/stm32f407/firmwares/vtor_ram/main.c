/* The vector table is copied to SRAM so that handlers can be installed at run time. */
#include <string.h>
#include "stm32f4xx.h"

#define VECTORS (16 + 82)

/* 98 entries need an alignment of 128 words (Arm v7-M B3.2.5) */
static uint32_t ram_vectors[128] __attribute__((aligned(512)));
volatile uint32_t first_calls, second_calls;

typedef void (*handler_t)(void);

static void install(IRQn_Type irq, handler_t handler)
{
    ram_vectors[16 + irq] = (uint32_t)handler;
    __DSB();
}

static void second(void)
{
    TIM5->SR = ~TIM_SR_UIF;
    second_calls++;
}

static void first(void)
{
    TIM5->SR = ~TIM_SR_UIF;
    if (++first_calls == 5)
        install(TIM5_IRQn, second);
}

int main(void)
{
    memcpy(ram_vectors, (const void *)SCB->VTOR, VECTORS * sizeof ram_vectors[0]);
    __disable_irq();
    SCB->VTOR = (uint32_t)ram_vectors;
    __DSB();
    __enable_irq();

    install(TIM5_IRQn, first);
    RCC->APB1ENR |= RCC_APB1ENR_TIM5EN;
    TIM5->PSC = 15;
    TIM5->ARR = 999;
    TIM5->EGR = TIM_EGR_UG;
    TIM5->SR = 0;
    TIM5->DIER = TIM_DIER_UIE;
    NVIC_EnableIRQ(TIM5_IRQn);
    TIM5->CR1 = TIM_CR1_CEN;
    while (second_calls < 7) { }
    TIM5->CR1 = 0;
    for (;;)
        __WFI();
}
