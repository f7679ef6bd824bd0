// button_counter
#include "stm32f4xx.h"

volatile uint32_t presses;
static volatile uint32_t wait_ms;
static uint32_t down;

void EXTI15_10_IRQHandler(void)
{
    EXTI->PR = 1u << 13;
    wait_ms = 8;
}

void SysTick_Handler(void)
{
    if (wait_ms == 0 || --wait_ms)
        return;
    uint32_t now = !(GPIOC->IDR & (1u << 13));
    if (now && !down) {
        presses++;
        GPIOD->BSRR = (0xFu << 28) | ((presses & 15u) << 12);
    }
    down = now;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOCEN | RCC_AHB1ENR_GPIODEN;
    RCC->APB2ENR |= RCC_APB2ENR_SYSCFGEN;
    GPIOD->MODER |= 0x55000000u;
    GPIOC->PUPDR |= 1u << 26;
    SYSCFG->EXTICR[3] |= SYSCFG_EXTICR4_EXTI13_PC;
    EXTI->FTSR |= 1u << 13;
    EXTI->RTSR |= 1u << 13;
    EXTI->IMR |= 1u << 13;
    SysTick_Config(16000);
    NVIC_SetPriority(SysTick_IRQn, 1);
    NVIC_SetPriority(EXTI15_10_IRQn, 1);
    NVIC_EnableIRQ(EXTI15_10_IRQn);
    for (;;)
        __WFI();
}
