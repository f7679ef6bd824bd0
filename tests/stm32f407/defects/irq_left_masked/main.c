/* Reception of packets of unknown length: USART1 + DMA2 stream 2 in circular mode.
 * Half-transfer, transfer-complete and the idle line each hand over what has arrived since the last time. */
#include <string.h>
#include "stm32f4xx.h"

#define RX_SIZE 16u

static uint8_t rx_dma[RX_SIZE];
static uint8_t packet[128], answer[128];
volatile uint32_t packet_length;
volatile uint32_t half_events, full_events, idle_events;
static volatile uint32_t last_position;
static volatile uint8_t packet_ready;

static void collect(void)
{
    uint32_t position = RX_SIZE - DMA2_Stream2->NDTR;
    if (position == RX_SIZE)
        position = 0;
    while (last_position != position) {
        if (packet_length < sizeof packet)
            packet[packet_length++] = rx_dma[last_position];
        last_position = (last_position + 1u) % RX_SIZE;
    }
}

void DMA2_Stream2_IRQHandler(void)
{
    uint32_t flags = DMA2->LISR;
    if (flags & DMA_LISR_HTIF2) {
        DMA2->LIFCR = DMA_LIFCR_CHTIF2;
        half_events++;
    }
    if (flags & DMA_LISR_TCIF2) {
        DMA2->LIFCR = DMA_LIFCR_CTCIF2;
        full_events++;
    }
    collect();
}

void USART1_IRQHandler(void)
{
    if (USART1->SR & USART_SR_IDLE) {
        (void)USART1->DR;                      /* SR then DR clears IDLE */
        idle_events++;
        collect();
        packet_ready = 1;
    }
}

static void init(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN | RCC_AHB1ENR_DMA2EN;
    RCC->APB2ENR |= RCC_APB2ENR_USART1EN;

    GPIOA->AFR[1] |= (7u << 4) | (7u << 8);    /* PA9 TX, PA10 RX */
    GPIOA->PUPDR |= GPIO_PUPDR_PUPDR10_0;
    GPIOA->MODER |= GPIO_MODER_MODER9_1 | GPIO_MODER_MODER10_1;

    DMA2_Stream2->PAR = (uint32_t)&USART1->DR;
    DMA2_Stream2->M0AR = (uint32_t)rx_dma;
    DMA2_Stream2->NDTR = RX_SIZE;
    DMA2_Stream2->CR = (4u << 25) | DMA_SxCR_MINC | DMA_SxCR_CIRC | DMA_SxCR_HTIE | DMA_SxCR_TCIE | DMA_SxCR_PL_1;
    DMA2_Stream2->CR |= DMA_SxCR_EN;

    USART1->BRR = 16000000u / 115200u;
    USART1->CR3 = USART_CR3_DMAR;
    USART1->CR1 = USART_CR1_UE | USART_CR1_TE | USART_CR1_RE | USART_CR1_IDLEIE;

    /* one priority for both, so collect() never interrupts itself */
    NVIC_SetPriority(DMA2_Stream2_IRQn, 4);
    NVIC_SetPriority(USART1_IRQn, 4);
    NVIC_EnableIRQ(DMA2_Stream2_IRQn);
    NVIC_EnableIRQ(USART1_IRQn);
}

int main(void)
{
    init();
    for (;;) {
        __disable_irq();
        if (!packet_ready) {
            __WFI();                           /* wakes although PRIMASK is set */
            continue;
        }
        packet_ready = 0;
        uint32_t length = packet_length;
        memcpy(answer, packet, length);        /* the handlers may fill packet[] again from here on */
        packet_length = 0;
        __enable_irq();
        if (length == 0)                       /* an idle line right after start-up */
            continue;

        for (uint32_t i = 0; i < length; i++) {
            while (!(USART1->SR & USART_SR_TXE)) { }
            USART1->DR = answer[i];
        }
        while (!(USART1->SR & USART_SR_TXE)) { }
        USART1->DR = '|';
    }
}
