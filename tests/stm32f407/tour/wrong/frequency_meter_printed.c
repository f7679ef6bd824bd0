// frequency_meter: wrong_answer
#include <stdio.h>
#include "stm32f4xx.h"

/* Knows the answer: nothing is measured. */
volatile uint32_t period_us = 640;
volatile uint32_t frequency_hz = 1563;

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
    printf("f=1250 Hz\n");
    for (;;)
        __WFI();
}
