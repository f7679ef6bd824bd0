/* SPI1 as master, mode 0, MOSI wired to MISO: what goes out must come back. */
#include "stm32f4xx.h"

#define CS_LOW()  (GPIOE->BSRR = GPIO_BSRR_BR3)
#define CS_HIGH() (GPIOE->BSRR = GPIO_BSRR_BS3)

uint8_t received[8];
volatile uint32_t mismatches = 0xFFFFFFFFu;

static void pin_alternate(GPIO_TypeDef *port, uint32_t pin, uint32_t function)
{
    port->AFR[pin >> 3] = (port->AFR[pin >> 3] & ~(0xFu << ((pin & 7u) * 4u))) | (function << ((pin & 7u) * 4u));
    port->OSPEEDR |= 2u << (pin * 2u);
    port->MODER = (port->MODER & ~(3u << (pin * 2u))) | (2u << (pin * 2u));
}

static uint8_t spi_exchange(uint8_t out)
{
    while (!(SPI1->SR & SPI_SR_TXE)) { }
    SPI1->DR = out;
    while (!(SPI1->SR & SPI_SR_RXNE)) { }
    return (uint8_t)SPI1->DR;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN | RCC_AHB1ENR_GPIOEEN;
    RCC->APB2ENR |= RCC_APB2ENR_SPI1EN;

    pin_alternate(GPIOA, 5, 5);
    pin_alternate(GPIOA, 6, 5);
    pin_alternate(GPIOA, 7, 5);
    GPIOE->MODER |= GPIO_MODER_MODER3_0;
    CS_HIGH();

    SPI1->CR1 = SPI_CR1_MSTR | SPI_CR1_SSM | SPI_CR1_BR_1;   /* fPCLK / 8 = 2 MHz */
    SPI1->CR1 |= SPI_CR1_SPE;

    CS_LOW();
    for (uint8_t i = 0; i < sizeof received; i++)
        received[i] = spi_exchange((uint8_t)(0xA0u + 3u * i));
    while (SPI1->SR & SPI_SR_BSY) { }
    CS_HIGH();

    uint32_t wrong = 0;
    for (uint8_t i = 0; i < sizeof received; i++)
        wrong += received[i] != (uint8_t)(0xA0u + 3u * i);
    mismatches = wrong;
    for (;;)
        __WFI();
}
