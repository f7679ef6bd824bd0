// spi_id
/* Receive interrupt drives the frame */
#include "stm32f4xx.h"

volatile uint8_t answer[2];
static const uint8_t command[3] = {0x8F, 0, 0};
static volatile uint32_t step;

void SPI1_IRQHandler(void)
{
    uint8_t in = (uint8_t)SPI1->DR;
    if (step > 0)
        answer[step - 1] = in;
    if (++step < sizeof command)
        SPI1->DR = command[step];
    else
        SPI1->CR2 = 0;
}

int main(void)
{
    RCC->AHB1ENR |= (1u << 0) | (1u << 4);
    RCC->APB2ENR |= RCC_APB2ENR_SPI1EN;
    GPIOE->ODR |= 8u;
    GPIOE->MODER |= 1u << 6;
    for (uint32_t pin = 5; pin <= 7; pin++) {
        GPIOA->AFR[0] |= 5u << (4u * pin);
        GPIOA->OSPEEDR |= 3u << (2u * pin);
        GPIOA->MODER |= 2u << (2u * pin);
    }
    SPI1->CR2 = SPI_CR2_RXNEIE;
    SPI1->CR1 = SPI_CR1_MSTR | SPI_CR1_SSM | SPI_CR1_SSI | 3u | (3u << SPI_CR1_BR_Pos) | SPI_CR1_SPE;
    NVIC_EnableIRQ(SPI1_IRQn);
    GPIOE->ODR &= ~8u;
    SPI1->DR = command[0];
    while (step < sizeof command)
        __WFE();
    while (SPI1->SR & SPI_SR_BSY) { }
    GPIOE->ODR |= 8u;
    for (;;)
        __WFI();
}
