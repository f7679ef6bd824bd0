/* A converter with 16 bit frames on SPI2, mode 3, chip select on PB12. Three frames are read under one select. */
#include "stm32f4xx.h"

#define SELECT  (1u << 12)

volatile uint16_t frames[3];
volatile uint32_t sum;

static uint16_t frame(uint16_t command)
{
    SPI2->DR = command;
    while (!(SPI2->SR & SPI_SR_RXNE)) { }
    return (uint16_t)SPI2->DR;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOBEN;
    RCC->APB1ENR |= RCC_APB1ENR_SPI2EN;

    GPIOB->BSRR = SELECT;
    GPIOB->MODER |= (1u << 24) | (2u << 26) | (2u << 28) | (2u << 30);
    GPIOB->AFR[1] |= (5u << 20) | (5u << 24) | (5u << 28);

    SPI2->CR1 = SPI_CR1_DFF | SPI_CR1_MSTR | SPI_CR1_SSM | SPI_CR1_SSI
              | (2u << SPI_CR1_BR_Pos);
    SPI2->CR1 |= SPI_CR1_SPE;

    GPIOB->BSRR = SELECT << 16;
    for (int i = 0; i < 3; i++) {
        frames[i] = frame((uint16_t)(0x8000u + i));
        sum += frames[i];
    }
    while (SPI2->SR & SPI_SR_BSY) { }
    GPIOB->BSRR = SELECT;
    for (;;)
        __WFI();
}
