/* PFCTRL is set and cleared while the stream is off; in a copy from memory to memory hardware clears it (RM0090 10.5.5). */
#include "stm32f4xx.h"
#include <string.h>

static uint32_t from[8] = {1, 2, 3, 4, 5, 6, 7, 8};
uint32_t to[8];
volatile uint32_t equal, left;

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_DMA1EN | RCC_AHB1ENR_DMA2EN;
    (void)RCC->AHB1ENR;
    DMA1_Stream6->CR |= DMA_SxCR_PFCTRL | DMA_SxCR_DIR_0;
    DMA1_Stream6->CR = 4u << DMA_SxCR_CHSEL_Pos;
    DMA2_Stream0->PAR = (uint32_t)from;
    DMA2_Stream0->M0AR = (uint32_t)to;
    DMA2_Stream0->NDTR = 8;
    DMA2_Stream0->CR = DMA_SxCR_DIR_1 | DMA_SxCR_MINC | DMA_SxCR_PINC | DMA_SxCR_MSIZE_1 | DMA_SxCR_PSIZE_1 | DMA_SxCR_PFCTRL;
    DMA2_Stream0->CR |= DMA_SxCR_EN;
    while (!(DMA2->LISR & DMA_LISR_TCIF0)) {
    }
    left = DMA2_Stream0->CR & DMA_SxCR_PFCTRL;
    equal = memcmp(from, (const void *)to, sizeof from) == 0 ? 1 : 2;
    for (;;) {
    }
}
