// crc_dma
/* With the transfer-complete interrupt of stream 7 */
#include "stm32f4xx.h"

volatile uint32_t crc_result;
volatile uint32_t finished;

void DMA2_Stream7_IRQHandler(void)
{
    DMA2->HIFCR = DMA_HIFCR_CTCIF7;
    crc_result = CRC->DR;
    finished = 1;
}

int main(void)
{
    static uint32_t words[64];
    uint32_t value = 0;

    for (int i = 0; i < 64; i++, value += 0x01000193u)
        words[i] = value;
    RCC->AHB1ENR |= RCC_AHB1ENR_DMA2EN;
    RCC->AHB1ENR |= RCC_AHB1ENR_CRCEN;
    CRC->CR = 1;

    DMA_Stream_TypeDef *stream = DMA2_Stream7;
    stream->PAR = (uint32_t)&words[0];
    stream->M0AR = CRC_BASE;
    stream->NDTR = sizeof words / 4;
    stream->FCR = DMA_SxFCR_DMDIS;
    stream->CR = (2u << DMA_SxCR_PSIZE_Pos) | (2u << DMA_SxCR_MSIZE_Pos) | (2u << DMA_SxCR_DIR_Pos) | DMA_SxCR_PINC | DMA_SxCR_TCIE;
    NVIC_EnableIRQ(DMA2_Stream7_IRQn);
    __DMB();
    stream->CR |= DMA_SxCR_EN;
    for (;;)
        __WFI();
}
