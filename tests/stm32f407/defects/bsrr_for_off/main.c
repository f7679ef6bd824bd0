/* LED on PD12 toggles every 10 ms, timed by SysTick at 16 MHz. */
#include "stm32f4xx.h"

#define LED_PIN 12u

static volatile uint32_t ticks;

void SysTick_Handler(void)
{
    ticks++;
}

static void delay_ms(uint32_t ms)
{
    uint32_t start = ticks;
    while ((ticks - start) < ms)
        __WFI();
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIODEN;

    GPIOD->MODER &= ~(3u << (LED_PIN * 2));
    GPIOD->MODER |= 1u << (LED_PIN * 2);
    GPIOD->OTYPER &= ~(1u << LED_PIN);

    SysTick_Config(SystemCoreClock / 1000u);

    for (;;) {
        GPIOD->BSRR = 1u << LED_PIN;
        delay_ms(10);
        GPIOD->BSRR &= ~(1u << LED_PIN);
        delay_ms(10);
    }
}
