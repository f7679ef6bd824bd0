/* Brings its own headers of the chip and of the core, and beside them what such collections hold for other tools and chips. */
#include "stm32f4xx.h"

#if !defined(OWN_FAMILY_HEADER) || !defined(OWN_CORE_HEADER) || defined(SCB)
#error "not the firmware's own headers"
#endif

extern unsigned int SystemCoreClock;

void SysTick_Handler(void)
{
    GPIOD_ODR ^= 1 << 15;
}

int main(void)
{
    RCC_AHB1ENR |= 8;
    (void)RCC_AHB1ENR;
    GPIOD_MODER |= 1u << 30;
    every(SystemCoreClock / 2000);
    for (;;) {
    }
}
