// led_pattern
#include "stm32f4xx.h"

volatile uint32_t millis;

void SysTick_Handler(void)
{
    millis++;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIODEN;
    GPIOD->MODER |= GPIO_MODER_MODER13_0;
    GPIOD->BSRR = GPIO_BSRR_BS13;
    SysTick_Config(16000);
    for (;;) {
        __WFI();
        GPIOD->BSRR = (millis % 20u) < 6u ? GPIO_BSRR_BS13 : GPIO_BSRR_BR13;
    }
}
