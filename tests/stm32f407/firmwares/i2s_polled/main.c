/* I2S2 without a master clock, polled: 16 bits in channels of 32, 44.1 kHz; CHSIDE says whose sample comes next. */
#include "stm32f4xx.h"

volatile uint32_t sides_right, sides_wrong, busy_at_end, busy_seen, cycles;

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
    audio_clock(429, 4);                             /* 107.25 MHz */
    pins();
    RCC->APB1ENR |= RCC_APB1ENR_SPI2EN;
    (void)RCC->APB1ENR;
    SPI2->I2SPR = 19u;                               /* 107.25 MHz / (64 * 38) = 44.1 kHz */
    SPI2->I2SCFGR = SPI_I2SCFGR_I2SMOD | SPI_I2SCFGR_I2SCFG_1 | SPI_I2SCFGR_CHLEN;
    SPI2->I2SCFGR |= SPI_I2SCFGR_I2SE;
    CoreDebug->DEMCR |= CoreDebug_DEMCR_TRCENA_Msk;
    DWT->CTRL |= DWT_CTRL_CYCCNTENA_Msk;
    uint32_t begin = DWT->CYCCNT;
    for (uint32_t i = 0; i < 441u; i++) {
        for (uint32_t side = 0; side < 2u; side++) {
            while (!(SPI2->SR & SPI_SR_TXE)) {
            }
            if (((SPI2->SR & SPI_SR_CHSIDE) != 0) == side)
                sides_right++;
            else
                sides_wrong++;
            SPI2->DR = side ? i : 0x8000u + i;
        }
    }
    while (!(SPI2->SR & SPI_SR_TXE)) {
    }
    busy_seen = (SPI2->SR & SPI_SR_BSY) != 0;
    while (SPI2->SR & SPI_SR_BSY) {
    }
    cycles = DWT->CYCCNT - begin;                    /* 10 ms of 16 MHz */
    SPI2->I2SCFGR &= (uint16_t)~SPI_I2SCFGR_I2SE;
    busy_at_end = (SPI2->SR & SPI_SR_BSY) != 0;
    for (;;)
        __WFI();
}
