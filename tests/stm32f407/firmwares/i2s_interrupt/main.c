/* 24 bits on I2S2 by interrupts, left justified, 8 kHz: two half-words for each sample. */
#include "stm32f4xx.h"

static const int32_t ramp[4] = {0x123456, -0x123456, 0x7FFFFF, -0x800000};
static volatile uint32_t position;
volatile uint32_t sent, finished;

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

void SPI2_IRQHandler(void)
{
    if (!(SPI2->SR & SPI_SR_TXE))
        return;
    uint32_t sample = (uint32_t)ramp[(position / 2u) % 4u] << 8;
    SPI2->DR = (position & 1u) ? (sample & 0xFFFFu) : sample >> 16;
    position++;
    if (++sent == 320u) {
        SPI2->CR2 &= (uint16_t)~SPI_CR2_TXEIE;
        finished = 1;
    }
}

int main(void)
{
    audio_clock(256, 5);                             /* 51.2 MHz */
    pins();
    RCC->APB1ENR |= RCC_APB1ENR_SPI2EN;
    (void)RCC->APB1ENR;
    SPI2->I2SPR = 50u;                               /* 51.2 MHz / (64 * 100) = 8 kHz */
    SPI2->I2SCFGR = SPI_I2SCFGR_I2SMOD | SPI_I2SCFGR_I2SCFG_1 | SPI_I2SCFGR_DATLEN_0 | SPI_I2SCFGR_I2SSTD_0 | SPI_I2SCFGR_CHLEN;
    SPI2->CR2 = SPI_CR2_TXEIE;
    NVIC_EnableIRQ(SPI2_IRQn);
    SPI2->I2SCFGR |= SPI_I2SCFGR_I2SE;
    while (!finished)
        __WFI();
    while (SPI2->SR & SPI_SR_BSY) {
    }
    for (;;)
        __WFI();
}
