/* USART1 on PB6/PB7, 57600 baud, polled: every received letter goes back in upper case, '.' ends. */
#include <ctype.h>
#include "stm32f4xx.h"

static volatile uint32_t received;

static int uart_getc(void)
{
    while (!(USART1->SR & USART_SR_RXNE)) { }
    return (int)(USART1->DR & 0xFF);
}

static void uart_putc(int c)
{
    while (!(USART1->SR & USART_SR_TXE)) { }
    USART1->DR = (uint32_t)c;
}

static void uart_init(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOBEN;
    RCC->APB2ENR |= RCC_APB2ENR_USART1EN;

    /* alternate function 7 on both pins, pull-up on RX so that an open line idles high */
    GPIOB->AFR[0] = (GPIOB->AFR[0] & ~0xFF000000u) | 0x77000000u;
    GPIOB->PUPDR |= 1u << (7 * 2);
    GPIOB->MODER = (GPIOB->MODER & ~(0xFu << 12)) | (0xAu << 12);

    USART1->CR1 = 0;
    USART1->CR2 = 0;
    USART1->CR3 = 0;
    USART1->BRR = 16000000u / 57600u;
    USART1->CR1 = USART_CR1_UE | USART_CR1_TE | USART_CR1_RE;
}

int main(void)
{
    uart_init();
    uart_putc('>');
    for (;;) {
        int c = uart_getc();
        received++;
        if (c == '.')
            break;
        for (volatile int slow = 0; slow < 6000; slow++) { }
        uart_putc(toupper(c));
    }
    uart_putc('!');
    for (;;) { }
}
