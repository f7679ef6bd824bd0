/* A project as another vendor's tools keep it: its startup code is for their assembler, its library for a family. */
#include "stm32f4xx.h"

static vu32 left;
__IO uint8_t shift;

void SysTick_Handler(void)
{
    if (left != 0)
        left--;
}

int main(void)
{
    lamp_init(GPIOD, 1 << 12);
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    (void)RCC->AHB1ENR;
    GPIOA->MODER |= GPIO_MODER_MODER2_1;
    GPIOA->AFR[0] |= 7UL << 8;
    serial_init(USART2, 115200);
    SysTick_Config(SystemCoreClock / 1000);
    serial_put(USART2, "ready\r\n");
    for (;;) {
        lamp_set(GPIOD, 1 << 12, ENABLE);
        for (left = 2; left != 0;)
            ;
        lamp_set(GPIOD, 1 << 12, DISABLE);
        for (left = 2; left != 0;)
            ;
    }
}
