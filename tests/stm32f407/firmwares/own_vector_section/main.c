/* A vector table of the firmware's own in a section of another name. */
#include "stm32f4xx.h"

extern unsigned _estack;
int main(void);
void Reset_Handler(void)
{
    main();
}

__attribute__((section(".intvecs"), used)) const void *const table[] = {&_estack, (void *)Reset_Handler};

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIODEN;
    (void)RCC->AHB1ENR;
    GPIOD->MODER |= GPIO_MODER_MODER12_0;
    GPIOD->ODR = 1u << 12;
    for (;;) {
    }
}
