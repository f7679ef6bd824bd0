/* Write-only display on SPI3 (PC10 SCK, PC12 MOSI, no MISO; D/C on PD2, select PA15): the received bytes are never read,
 * so OVR is set and dropped at the end, as RM0090 28.3.8 allows for transmit-only use. */
#include "stm32f4xx.h"

volatile uint32_t bytes_sent;

static void stream(const uint8_t *data, uint32_t count, int is_data)
{
    GPIOD->BSRR = is_data ? 1u << 2 : 1u << 18;
    GPIOA->BSRR = 1u << 31;
    for (; count; count--) {
        while (!(SPI3->SR & SPI_SR_TXE)) { }
        SPI3->DR = *data++;
        bytes_sent++;
    }
    while (!(SPI3->SR & SPI_SR_TXE)) { }
    while (SPI3->SR & SPI_SR_BSY) { }
    GPIOA->BSRR = 1u << 15;
    (void)SPI3->DR;
    (void)SPI3->SR;
}

int main(void)
{
    static const uint8_t wake[] = {0x11}, window[] = {0x2A, 0x00, 0x00, 0x00, 0x7F};
    static uint8_t pixels[64];

    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN | RCC_AHB1ENR_GPIOCEN | RCC_AHB1ENR_GPIODEN;
    RCC->APB1ENR |= RCC_APB1ENR_SPI3EN;
    GPIOA->BSRR = 1u << 15;
    GPIOA->MODER = (GPIOA->MODER & ~(3u << 30)) | (1u << 30);     /* PA15 was a debug pin */
    GPIOA->PUPDR &= ~(3u << 30);
    GPIOD->MODER |= 1u << 4;
    GPIOC->AFR[1] |= (6u << 8) | (6u << 16);
    GPIOC->MODER |= (2u << 20) | (2u << 24);

    SPI3->CR1 = SPI_CR1_BIDIMODE | SPI_CR1_BIDIOE | SPI_CR1_MSTR | SPI_CR1_SSM | SPI_CR1_SSI;
    SPI3->CR1 |= SPI_CR1_SPE;
    for (unsigned i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)i;
    stream(wake, 1, 0);
    stream(window, 1, 0);
    stream(window + 1, 4, 1);
    stream(pixels, sizeof pixels, 1);
    for (;;)
        __WFI();
}
