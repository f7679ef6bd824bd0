/* A large table and the hot state of an interrupt live in the 64 KB of CCM; the DMA buffer stays in SRAM. */
#include "stm32f4xx.h"

#define CCM __attribute__((section(".ccmram")))
#define TABLE 8192u

CCM static uint16_t table[TABLE];
CCM static volatile uint32_t ticks_in_ccm;
static uint32_t copy[64];
volatile uint32_t checksum, table_address, dma_sum;

void SysTick_Handler(void)
{
    ticks_in_ccm++;
}

int main(void)
{
    ticks_in_ccm = 0;                          /* .ccmram is not cleared by every start-up code */
    RCC->AHB1ENR |= RCC_AHB1ENR_DMA2EN;

    for (uint32_t i = 0; i < TABLE; i++)
        table[i] = (uint16_t)((i * i) >> 7);
    for (uint32_t i = 0; i < TABLE; i++)
        checksum += table[i];
    table_address = (uint32_t)table >> 24;

    /* the DMA has no path to CCM (RM0090 2.3.1): the words go through SRAM */
    CCM static uint32_t staging[64];
    for (uint32_t i = 0; i < 64; i++)
        staging[i] = table[i * 100u];
    __DSB();                                   /* the words are in memory before the DMA looks */
    DMA2_Stream0->PAR = (uint32_t)staging;
    DMA2_Stream0->M0AR = (uint32_t)copy;
    DMA2_Stream0->NDTR = 64;
    DMA2_Stream0->FCR = DMA_SxFCR_DMDIS | DMA_SxFCR_FTH_0;
    DMA2_Stream0->CR = DMA_SxCR_DIR_1 | DMA_SxCR_MINC | DMA_SxCR_PINC | DMA_SxCR_MSIZE_1 | DMA_SxCR_PSIZE_1;
    DMA2_Stream0->CR |= DMA_SxCR_EN;
    while (!(DMA2->LISR & DMA_LISR_TCIF0)) { }
    for (uint32_t i = 0; i < 64; i++)
        dma_sum += copy[i] == table[i * 100u];

    SysTick_Config(16000);
    while (ticks_in_ccm < 10) { }
    checksum ^= ticks_in_ccm << 28;
    for (;;)
        __WFI();
}
