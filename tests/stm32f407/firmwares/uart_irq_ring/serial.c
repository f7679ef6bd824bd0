/* Interrupt-driven USART2: the handler moves bytes between the data register and two rings. */
#include "serial.h"
#include "ring.h"
#include "stm32f4xx.h"

static ring_t rx_ring;
static ring_t tx_ring;
volatile uint32_t serial_overruns;

void serial_init(uint32_t pclk_hz, uint32_t baud)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    RCC->APB1ENR |= RCC_APB1ENR_USART2EN;
    (void)RCC->APB1ENR;

    GPIOA->AFR[0] |= (7u << GPIO_AFRL_AFSEL2_Pos) | (7u << GPIO_AFRL_AFSEL3_Pos);
    GPIOA->PUPDR |= GPIO_PUPDR_PUPD3_0;
    GPIOA->MODER |= GPIO_MODER_MODE2_1 | GPIO_MODER_MODE3_1;

    USART2->BRR = (pclk_hz + baud / 2u) / baud;
    USART2->CR1 = USART_CR1_UE | USART_CR1_RE | USART_CR1_TE | USART_CR1_RXNEIE;

    NVIC_SetPriority(USART2_IRQn, 5);
    NVIC_EnableIRQ(USART2_IRQn);
}

bool serial_read(uint8_t *byte)
{
    return ring_get(&rx_ring, byte);
}

void serial_write(const uint8_t *bytes, uint32_t count)
{
    while (count--) {
        while (!ring_put(&tx_ring, *bytes))
            __WFE();                          /* full: the handler drains it; an exception sets the event */
        bytes++;
        /* the read-modify-write races with the handler that clears TXEIE */
        uint32_t primask = __get_PRIMASK();
        __disable_irq();
        USART2->CR1 |= USART_CR1_TXEIE;
        __set_PRIMASK(primask);
    }
}

void USART2_IRQHandler(void)
{
    uint32_t status = USART2->SR;

    if (status & (USART_SR_RXNE | USART_SR_ORE)) {
        uint8_t byte = (uint8_t)USART2->DR;   /* SR then DR clears ORE as well */
        if (status & USART_SR_ORE)
            serial_overruns++;
        if (status & USART_SR_RXNE)
            (void)ring_put(&rx_ring, byte);
    }
    if ((status & USART_SR_TXE) && (USART2->CR1 & USART_CR1_TXEIE)) {
        uint8_t byte;
        if (ring_get(&tx_ring, &byte))
            USART2->DR = byte;
        else
            USART2->CR1 &= ~USART_CR1_TXEIE;
    }
}
