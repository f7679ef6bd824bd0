/* Memory to memory with DMA2 (DMA1 cannot): bytes packed to words through the FIFO, then a fill without source increment. */
#include <string.h>
#include "stm32f4xx.h"

#define N 256u

static const uint8_t pattern = 0x5A;
static uint8_t source[N] __attribute__((aligned(16)));
static uint8_t target[N] __attribute__((aligned(16)));
static uint8_t filled[32];
volatile uint32_t copied, fill_ok, errors;

static void run_stream(const void *from, void *to, uint16_t count, uint32_t config)
{
    DMA_Stream_TypeDef *s = DMA1_Stream1;
    s->CR &= ~DMA_SxCR_EN;
    while (s->CR & DMA_SxCR_EN) { }
    DMA1->LIFCR = 0x3Du << 6;
    s->PAR = (uint32_t)from;                         /* the source of a memory-to-memory transfer */
    s->M0AR = (uint32_t)to;
    s->NDTR = count;
    s->FCR = DMA_SxFCR_DMDIS | DMA_SxFCR_FTH;        /* direct mode is not allowed here; full threshold */
    s->CR = DMA_SxCR_DIR_1 | DMA_SxCR_MINC | config;
    __DSB();
    s->CR |= DMA_SxCR_EN;
    while (!(DMA1->LISR & (DMA_LISR_TCIF1 | DMA_LISR_TEIF1))) { }
    if (DMA1->LISR & (DMA_LISR_TEIF1 | DMA_LISR_FEIF1))
        errors++;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_DMA1EN;
    for (uint32_t i = 0; i < N; i++)
        source[i] = (uint8_t)(i ^ 0xC3u);
    run_stream(source, target, N, DMA_SxCR_PINC | DMA_SxCR_MSIZE_1);    /* byte reads, word writes */
    copied = memcmp(source, target, N) == 0;
    run_stream(&pattern, filled, sizeof filled, 0);
    fill_ok = 1;
    for (uint32_t i = 0; i < sizeof filled; i++)
        if (filled[i] != pattern)
            fill_ok = 0;
    for (;;)
        __WFI();
}
