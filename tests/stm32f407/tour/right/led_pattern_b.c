// led_pattern
#include <stdbool.h>
#include "stm32f4xx.h"

volatile uint32_t millis;

typedef struct { bool on; uint8_t left; } blinker_t;
static blinker_t led = {true, 6};

static inline void led_write(bool on)
{
    if (on)
        GPIOD->ODR |= 1u << 13;
    else
        GPIOD->ODR &= ~(1u << 13);
}

void SysTick_Handler(void)
{
    ++millis;
    if (--led.left == 0) {
        led.on = !led.on;
        led.left = led.on ? 6 : 14;
        led_write(led.on);
    }
}

int main(void)
{
    RCC->AHB1ENR |= 1u << 3;
    led_write(true);
    GPIOD->MODER = (GPIOD->MODER & ~(3u << 26)) | (1u << 26);
    SysTick->LOAD = 15999;
    SysTick->VAL = 0;
    SysTick->CTRL = SysTick_CTRL_CLKSOURCE_Msk | SysTick_CTRL_TICKINT_Msk | SysTick_CTRL_ENABLE_Msk;
    while (1)
        __WFI();
}
