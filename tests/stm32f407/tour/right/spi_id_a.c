// spi_id
#include "stm32f4xx.h"

volatile uint8_t answer[2];

static uint8_t transfer(uint8_t byte)
{
    SPI1->DR = byte;
    while (!(SPI1->SR & SPI_SR_RXNE)) { }
    return (uint8_t)SPI1->DR;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN | RCC_AHB1ENR_GPIOEEN;
    RCC->APB2ENR |= RCC_APB2ENR_SPI1EN;
    GPIOE->BSRR = GPIO_BSRR_BS3;
    GPIOE->MODER |= GPIO_MODER_MODER3_0;
    GPIOA->AFR[0] |= 0x55500000u;
    GPIOA->MODER |= 0xA800u;
    SPI1->CR1 = SPI_CR1_MSTR | SPI_CR1_SSM | SPI_CR1_SSI | SPI_CR1_CPOL | SPI_CR1_CPHA | SPI_CR1_BR_0;
    SPI1->CR1 |= SPI_CR1_SPE;
    GPIOE->BSRR = GPIO_BSRR_BR3;
    transfer(0x8F);
    answer[0] = transfer(0);
    answer[1] = transfer(0);
    while (SPI1->SR & SPI_SR_BSY) { }
    GPIOE->BSRR = GPIO_BSRR_BS3;
    for (;;)
        __WFI();
}
