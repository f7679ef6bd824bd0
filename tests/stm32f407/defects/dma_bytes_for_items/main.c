/* NDTR counts items: sizeof of an array of half-words is twice too many, and the neighbour is overwritten. */
#include "stm32f4xx.h"

static uint16_t from[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
/* One section, so that they are neighbours. */
uint16_t guard[8] __attribute__((section(".bss.pair")));
uint16_t to[8] __attribute__((section(".bss.pair")));

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_DMA2EN;
    (void)RCC->AHB1ENR;
    __asm volatile("" ::"r"(guard));
    DMA2_Stream0->PAR = (uint32_t)from;
    DMA2_Stream0->M0AR = (uint32_t)to;
    DMA2_Stream0->NDTR = sizeof to;
    DMA2_Stream0->CR = DMA_SxCR_DIR_1 | DMA_SxCR_MINC | DMA_SxCR_PINC | DMA_SxCR_MSIZE_0 | DMA_SxCR_PSIZE_0;
    DMA2_Stream0->CR |= DMA_SxCR_EN;
    for (;;) {
    }
}
