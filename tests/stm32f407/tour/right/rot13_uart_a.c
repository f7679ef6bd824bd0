// rot13_uart
#include "stm32f4xx.h"

volatile uint32_t rx_count;
static volatile uint8_t fifo[128];
static volatile uint32_t in, out;

void USART3_IRQHandler(void)
{
    if (USART3->SR & USART_SR_RXNE) {
        fifo[in++ & 127u] = (uint8_t)USART3->DR;
        rx_count++;
    }
}

static uint8_t rot13(uint8_t c)
{
    if (c >= 'a' && c <= 'z')
        return (uint8_t)('a' + (c - 'a' + 13) % 26);
    if (c >= 'A' && c <= 'Z')
        return (uint8_t)('A' + (c - 'A' + 13) % 26);
    return c;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOBEN;
    RCC->APB1ENR |= RCC_APB1ENR_USART3EN;
    GPIOB->AFR[1] |= 0x7700u;
    GPIOB->PUPDR |= 1u << 22;
    GPIOB->MODER |= 0xAu << 20;
    USART3->BRR = 417;                     /* 16 MHz / 38400 */
    USART3->CR1 = USART_CR1_UE | USART_CR1_TE | USART_CR1_RE | USART_CR1_RXNEIE;
    NVIC_EnableIRQ(USART3_IRQn);
    for (;;) {
        while (in == out)
            __WFE();
        while (!(USART3->SR & USART_SR_TXE)) { }
        USART3->DR = rot13(fifo[out++ & 127u]);
    }
}
