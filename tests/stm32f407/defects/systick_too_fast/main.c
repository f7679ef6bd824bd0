/* SysTick every 8 cycles: entering and leaving alone take longer, and the main program never goes on. */
#include "stm32f4xx.h"

volatile uint32_t ticks, loops;

void SysTick_Handler(void)
{
    ticks++;
}

int main(void)
{
    SysTick->LOAD = 7;
    SysTick->VAL = 0;
    SysTick->CTRL = 7;
    for (;;)
        loops++;
}
