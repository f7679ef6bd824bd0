/* Full-duplex SPI1 by DMA2: stream 0 receives, stream 3 sends (both request 3). MOSI is wired to MISO. */
#include <string.h>
#include "stm32f4xx.h"

#define COUNT 64u

static uint8_t tx[COUNT];
uint8_t rx[COUNT];
static volatile int finished;
volatile uint32_t equal;

void DMA2_Stream0_IRQHandler(void)
{
    if ((DMA2->LISR & DMA_LISR_TCIF0) != 0) {
        DMA2->LIFCR = DMA_LIFCR_CTCIF0 | DMA_LIFCR_CHTIF0;
        finished = 1;
    }
}

static void spi1_setup(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOBEN | RCC_AHB1ENR_DMA2EN;
    RCC->APB2ENR |= RCC_APB2ENR_SPI1EN;
    /* PB3 SCK, PB4 MISO, PB5 MOSI; PB3 and PB4 start as debug pins, so their modes are replaced */
    GPIOB->MODER = (GPIOB->MODER & ~(0x3Fu << 6)) | (0x2Au << 6);
    GPIOB->AFR[0] = (GPIOB->AFR[0] & ~(0xFFFu << 12)) | (0x555u << 12);
    GPIOB->PUPDR &= ~(0x3Fu << 6);
    SPI1->CR1 = SPI_CR1_MSTR | SPI_CR1_SSM | SPI_CR1_SSI | SPI_CR1_CPOL | SPI_CR1_CPHA;
    SPI1->CR2 = SPI_CR2_RXDMAEN;
}

static void dma_setup(void)
{
    DMA2_Stream0->PAR  = (uint32_t)&SPI1->DR;
    DMA2_Stream0->M0AR = (uint32_t)rx;
    DMA2_Stream0->NDTR = COUNT;
    DMA2_Stream0->CR   = (3u << DMA_SxCR_CHSEL_Pos) | DMA_SxCR_MINC | DMA_SxCR_TCIE | DMA_SxCR_PL;

    DMA2_Stream3->PAR  = (uint32_t)&SPI1->DR;
    DMA2_Stream3->M0AR = (uint32_t)tx;
    DMA2_Stream3->NDTR = COUNT;
    DMA2_Stream3->CR   = (3u << DMA_SxCR_CHSEL_Pos) | DMA_SxCR_MINC | DMA_SxCR_DIR_0;

    NVIC_EnableIRQ(DMA2_Stream0_IRQn);
    __DSB();                                   /* tx[] is in memory */
    DMA2_Stream0->CR |= DMA_SxCR_EN;           /* the receiver first, so that no byte is lost */
    DMA2_Stream3->CR |= DMA_SxCR_EN;
}

int main(void)
{
    for (uint32_t i = 0; i < COUNT; i++)
        tx[i] = (uint8_t)(i * 7u + 1u);
    spi1_setup();
    dma_setup();
    SPI1->CR2 |= SPI_CR2_TXDMAEN;
    SPI1->CR1 |= SPI_CR1_SPE;

    while (!finished) {
    }
    while (SPI1->SR & SPI_SR_BSY) {
    }
    equal = memcmp(tx, rx, COUNT) == 0 ? 1u : 2u;
    for (;;) {
    }
}
