// clock_banner: wrong_answer
#include <stdio.h>
#include "stm32f4xx.h"

/* Stays on the 16 MHz HSI: the text and the baud rate are right, the clock is not. */
static volatile uint32_t ms;

void SysTick_Handler(void) { ms++; }

static void uart_setup(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    RCC->APB1ENR |= RCC_APB1ENR_USART2EN;
    GPIOA->AFR[0] |= 7u << 8;
    GPIOA->MODER |= 2u << 4;
    USART2->BRR = 139;
    USART2->CR1 = USART_CR1_UE | USART_CR1_TE;
}

int main(void)
{
    uart_setup();
    SysTick_Config(16000);
    for (uint32_t n = 1; n <= 5; n++) {
        while (ms < n * 10u)
            __WFI();
        printf("tick %lu\r\n", (unsigned long)n);
    }
    for (;;)
        __WFI();
}
