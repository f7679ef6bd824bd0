/* The DMA stream waits for requests that CR2.TXDMAEN would make. */
#include "stm32f4xx.h"

volatile uint32_t passed;

static void audio_clock(uint32_t n, uint32_t r)
{
    RCC->CR |= RCC_CR_HSEON;
    while (!(RCC->CR & RCC_CR_HSERDY)) {
    }
    RCC->PLLCFGR = 8u | (336u << 6) | RCC_PLLCFGR_PLLSRC_HSE | (7u << 24);
    RCC->PLLI2SCFGR = (n << RCC_PLLI2SCFGR_PLLI2SN_Pos) | (r << RCC_PLLI2SCFGR_PLLI2SR_Pos);
    RCC->CR |= RCC_CR_PLLI2SON;
    while (!(RCC->CR & RCC_CR_PLLI2SRDY)) {
    }
}
static void pins(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOBEN;
    (void)RCC->AHB1ENR;
    GPIOB->AFR[1] |= (5u << 16) | (5u << 20) | (5u << 28);      /* PB12 WS, PB13 CK, PB15 SD */
    GPIOB->MODER |= GPIO_MODER_MODER12_1 | GPIO_MODER_MODER13_1 | GPIO_MODER_MODER15_1;
}

int main(void)
{
    audio_clock(192, 5);
    pins();
    RCC->APB1ENR |= RCC_APB1ENR_SPI2EN;
    (void)RCC->APB1ENR;
    SPI2->I2SPR = 12u | SPI_I2SPR_ODD;
    SPI2->I2SCFGR = SPI_I2SCFGR_I2SMOD | SPI_I2SCFGR_I2SCFG_1;
    RCC->AHB1ENR |= RCC_AHB1ENR_DMA1EN;
    (void)RCC->AHB1ENR;
    DMA1_Stream4->PAR = (uint32_t)&SPI2->DR;
    DMA1_Stream4->M0AR = 0x08000000;
    DMA1_Stream4->NDTR = 200;
    DMA1_Stream4->CR = DMA_SxCR_MINC | DMA_SxCR_DIR_0 | DMA_SxCR_PSIZE_0 | DMA_SxCR_MSIZE_0;
    DMA1_Stream4->CR |= DMA_SxCR_EN;
    SPI2->I2SCFGR |= SPI_I2SCFGR_I2SE;
    passed = 1;
    for (;;) {
    }
}
