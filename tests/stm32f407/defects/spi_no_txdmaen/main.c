/* The stream waits for requests of SPI1_TX, which SPI1 makes only with TXDMAEN. */
#include "stm32f4xx.h"

static const uint8_t text[4] = {1, 2, 3, 4};

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN | RCC_AHB1ENR_DMA2EN;
    RCC->APB2ENR |= RCC_APB2ENR_SPI1EN;
    (void)RCC->APB2ENR;
    GPIOA->AFR[0] |= 0x50500000;
    GPIOA->MODER |= GPIO_MODER_MODER5_1 | GPIO_MODER_MODER7_1;
    SPI1->CR1 = SPI_CR1_MSTR | SPI_CR1_SSM | SPI_CR1_SSI | SPI_CR1_SPE;
    DMA2_Stream3->PAR = (uint32_t)&SPI1->DR;
    DMA2_Stream3->M0AR = (uint32_t)text;
    DMA2_Stream3->NDTR = sizeof text;
    DMA2_Stream3->CR = (3u << DMA_SxCR_CHSEL_Pos) | DMA_SxCR_MINC | DMA_SxCR_DIR_0;
    DMA2_Stream3->CR |= DMA_SxCR_EN;
    for (;;) {
    }
}
