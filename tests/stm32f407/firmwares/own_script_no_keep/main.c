/* A linker script that keeps nothing and names no entry: its author links without --gc-sections. */
#include "stm32f4xx.h"

extern unsigned _estack;
int main(void);
void Reset_Handler(void)
{
    main();
}

__attribute__((section(".isr_vector"), used)) const void *const table[] = {&_estack, (void *)Reset_Handler};

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIODEN;
    (void)RCC->AHB1ENR;
    GPIOD->MODER |= GPIO_MODER_MODER12_0;
    GPIOD->ODR = 1u << 12;
    for (;;) {
    }
}
