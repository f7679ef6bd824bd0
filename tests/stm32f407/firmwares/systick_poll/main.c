/* No interrupt at all: COUNTFLAG is polled; a matrix keypad is scanned with rows on PE0..PE1 and columns on PE2..PE3. */
#include "stm32f4xx.h"

volatile uint32_t elapsed, key_mask;

static void wait_tick(void)
{
    while (!(SysTick->CTRL & SysTick_CTRL_COUNTFLAG_Msk)) { }
    elapsed++;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOEEN;
    GPIOE->OTYPER = 3;                         /* rows open drain, so that two pressed keys do not fight */
    GPIOE->PUPDR = (1u << 4) | (1u << 6);
    GPIOE->ODR = 3;
    GPIOE->MODER = 5;

    SysTick->LOAD = 16000u - 1u;
    SysTick->VAL = 0;
    SysTick->CTRL = SysTick_CTRL_CLKSOURCE_Msk | SysTick_CTRL_ENABLE_Msk;
    for (;;) {
        for (uint32_t row = 0; row < 2u; row++) {
            GPIOE->BSRR = 1u << (16 + row);
            wait_tick();
            uint32_t columns = ~(GPIOE->IDR >> 2) & 3u;
            key_mask |= columns << (2u * row);
            GPIOE->BSRR = 1u << row;
        }
    }
}
