// rot13_uart
/* Both directions in the handler */
#include <ctype.h>
#include "stm32f4xx.h"

#define SIZE 64

typedef struct {
    uint8_t bytes[SIZE];
    uint8_t put, get;
} queue_t;

static volatile queue_t q;
volatile uint32_t rx_count;

static int rotate(int c)
{
    if (!isalpha(c))
        return c;
    return tolower(c) < 'n' ? c + 13 : c - 13;
}

void USART3_IRQHandler(void)
{
    uint32_t sr = USART3->SR;
    if (sr & (USART_SR_RXNE | USART_SR_ORE)) {
        q.bytes[q.put] = (uint8_t)rotate((int)(USART3->DR & 0xFF));
        q.put = (uint8_t)((q.put + 1) % SIZE);
        rx_count++;
        USART3->CR1 |= USART_CR1_TXEIE;
    }
    if ((sr & USART_SR_TXE) && (USART3->CR1 & USART_CR1_TXEIE)) {
        if (q.get == q.put) {
            USART3->CR1 &= ~USART_CR1_TXEIE;
        } else {
            USART3->DR = q.bytes[q.get];
            q.get = (uint8_t)((q.get + 1) % SIZE);
        }
    }
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOBEN;
    RCC->APB1ENR |= RCC_APB1ENR_USART3EN;
    for (int pin = 10; pin <= 11; pin++) {
        GPIOB->AFR[1] |= 7u << ((pin - 8) * 4);
        GPIOB->MODER |= 2u << (pin * 2);
    }
    USART3->BRR = (SystemCoreClock + 19200) / 38400;
    USART3->CR1 = USART_CR1_RE | USART_CR1_TE | USART_CR1_RXNEIE;
    USART3->CR1 |= USART_CR1_UE;
    NVIC_SetPriority(USART3_IRQn, 2);
    NVIC_EnableIRQ(USART3_IRQn);
    for (;;)
        __WFI();
}
