// crc_dma
#include "stm32f4xx.h"

static uint32_t table[64];
volatile uint32_t crc_result, finished;

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_CRCEN | RCC_AHB1ENR_DMA2EN;
    for (uint32_t i = 0; i < 64; i++)
        table[i] = i * 0x01000193u;
    CRC->CR = CRC_CR_RESET;
    __DSB();
    DMA2_Stream0->PAR = (uint32_t)table;
    DMA2_Stream0->M0AR = (uint32_t)&CRC->DR;
    DMA2_Stream0->NDTR = 64;
    DMA2_Stream0->FCR = DMA_SxFCR_DMDIS | DMA_SxFCR_FTH;
    DMA2_Stream0->CR = DMA_SxCR_DIR_1 | DMA_SxCR_PINC | DMA_SxCR_PSIZE_1 | DMA_SxCR_MSIZE_1;
    DMA2_Stream0->CR |= DMA_SxCR_EN;
    while (!(DMA2->LISR & DMA_LISR_TCIF0)) { }
    crc_result = CRC->DR;
    finished = 1;
    for (;;)
        __WFI();
}
