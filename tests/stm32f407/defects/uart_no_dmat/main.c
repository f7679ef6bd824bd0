/* Double-buffered DMA transmission on USART2: the CPU formats one buffer while DMA1 stream 6 sends the other. */
#include <stdio.h>
#include <string.h>
#include "stm32f4xx.h"

#define BUFFER_SIZE 48

static char buffers[2][BUFFER_SIZE];
static volatile uint8_t dma_busy;
volatile uint32_t transfers;

static void uart_init(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN | RCC_AHB1ENR_DMA1EN;
    RCC->APB1ENR |= RCC_APB1ENR_USART2EN;
    GPIOA->AFR[0] |= 7u << 8;
    GPIOA->MODER |= GPIO_MODER_MODER2_1;
    USART2->BRR = SystemCoreClock / 230400u;
    USART2->CR1 = USART_CR1_UE | USART_CR1_TE;

    /* USART2_TX is request 4 of stream 6 (RM0090 table 42) */
    DMA1_Stream6->CR = 0;
    while (DMA1_Stream6->CR & DMA_SxCR_EN) {
    }
    DMA1_Stream6->PAR = (uint32_t)&USART2->DR;
    NVIC_EnableIRQ(DMA1_Stream6_IRQn);
}

static void dma_send(const char *data, uint16_t count)
{
    while (dma_busy)
        __WFE();
    dma_busy = 1;
    DMA1->HIFCR = DMA_HIFCR_CTCIF6 | DMA_HIFCR_CHTIF6 | DMA_HIFCR_CTEIF6 | DMA_HIFCR_CDMEIF6 | DMA_HIFCR_CFEIF6;
    DMA1_Stream6->M0AR = (uint32_t)data;
    DMA1_Stream6->NDTR = count;
    USART2->SR = ~USART_SR_TC;                 /* TC is cleared by writing 0 to it (RM0090 30.6.1) */
    DMA1_Stream6->CR = (4u << DMA_SxCR_CHSEL_Pos) | DMA_SxCR_MINC | DMA_SxCR_DIR_0 | DMA_SxCR_TCIE;
    DMA1_Stream6->CR |= DMA_SxCR_EN;
}

void DMA1_Stream6_IRQHandler(void)
{
    if (DMA1->HISR & DMA_HISR_TCIF6) {
        DMA1->HIFCR = DMA_HIFCR_CTCIF6;
        transfers++;
        dma_busy = 0;
    }
}

int main(void)
{
    uart_init();
    for (int i = 0; i < 5; i++) {
        char *out = buffers[i & 1];
        int n = snprintf(out, BUFFER_SIZE, "block %d of 5, square %d\n", i + 1, (i + 1) * (i + 1));
        dma_send(out, (uint16_t)n);
    }
    while (dma_busy)
        __WFE();
    while (!(USART2->SR & USART_SR_TC)) {
    }
    for (;;)
        __WFI();
}
