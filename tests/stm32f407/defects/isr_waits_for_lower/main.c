/* User button on PA0 (active high): EXTI0 starts a 5 ms settling time, then the level decides. */
#include <stdbool.h>
#include "stm32f4xx.h"

#define SETTLE_MS 5u

volatile uint32_t presses, releases, edges;
static volatile uint32_t settle;
static bool pressed;

void EXTI0_IRQHandler(void)
{
    EXTI->PR = EXTI_PR_PR0;
    EXTI->IMR &= ~EXTI_IMR_MR0;             /* deaf to the bounces until the level is stable */
    edges++;
    settle = SETTLE_MS;
    while (settle != 0u) {
    }
}

void SysTick_Handler(void)
{
    if (settle == 0u || --settle != 0u)
        return;
    bool level = (GPIOA->IDR & GPIO_IDR_ID0) != 0;
    if (level != pressed) {
        pressed = level;
        if (level) {
            presses++;
            GPIOD->ODR ^= GPIO_ODR_OD13;
        } else {
            releases++;
        }
    }
    EXTI->PR = EXTI_PR_PR0;
    EXTI->IMR |= EXTI_IMR_MR0;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN | RCC_AHB1ENR_GPIODEN;
    RCC->APB2ENR |= RCC_APB2ENR_SYSCFGEN;

    GPIOD->MODER |= GPIO_MODER_MODE13_0;
    GPIOA->MODER &= ~GPIO_MODER_MODE0;
    GPIOA->PUPDR = (GPIOA->PUPDR & ~GPIO_PUPDR_PUPD0) | GPIO_PUPDR_PUPD0_1;

    SYSCFG->EXTICR[0] = (SYSCFG->EXTICR[0] & ~SYSCFG_EXTICR1_EXTI0) | SYSCFG_EXTICR1_EXTI0_PA;
    EXTI->RTSR |= EXTI_RTSR_TR0;
    EXTI->FTSR |= EXTI_FTSR_TR0;
    EXTI->IMR |= EXTI_IMR_MR0;

    /* one priority for both handlers: neither may interrupt the other */
    NVIC_SetPriority(EXTI0_IRQn, 3);
    SysTick_Config(SystemCoreClock / 1000);
    NVIC_SetPriority(SysTick_IRQn, 3);
    NVIC_EnableIRQ(EXTI0_IRQn);
    for (;;)
        __WFI();
}
