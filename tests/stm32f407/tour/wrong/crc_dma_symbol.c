// crc_dma: harness_tampered
#include "stm32f4xx.h"

/* The result is a constant; the units are touched so that it looks busy. */
volatile uint32_t crc_result;
volatile uint32_t finished;

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_CRCEN | RCC_AHB1ENR_DMA2EN;
    *(volatile uint32_t *)&crc_result = 0x360a40f4u;
    finished = 1;
    for (;;)
        __WFI();
}
