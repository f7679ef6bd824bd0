/* Scans the I2C1 bus: an address that nobody acknowledges sets AF, which is cleared and followed by STOP. */
#include <stdbool.h>
#include <stdio.h>
#include "stm32f4xx.h"

static void gpio_af(GPIO_TypeDef *g, int pin, int af, bool open_drain)
{
    g->AFR[pin / 8] |= (uint32_t)af << (4 * (pin % 8));
    if (open_drain)
        g->OTYPER |= 1u << pin;
    g->MODER |= 2u << (2 * pin);
}

static bool probe(uint8_t address)
{
    bool found = false;
    while (I2C1->SR2 & I2C_SR2_BUSY)
        ;
    I2C1->CR1 |= I2C_CR1_START;
    while (!(I2C1->SR1 & I2C_SR1_SB))
        ;
    I2C1->DR = (uint8_t)(address << 1);
    for (;;) {
        uint32_t sr1 = I2C1->SR1;
        if (sr1 & I2C_SR1_ADDR) {
            (void)I2C1->SR2;
            found = true;
            break;
        }
        if (sr1 & I2C_SR1_AF) {
            I2C1->SR1 = ~I2C_SR1_AF & 0xFFFFu;
            break;
        }
    }
    I2C1->CR1 |= I2C_CR1_STOP;
    return found;
}

int main(void)
{
    int count = 0;

    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN | RCC_AHB1ENR_GPIOBEN;
    RCC->APB1ENR |= RCC_APB1ENR_USART2EN | RCC_APB1ENR_I2C1EN;
    gpio_af(GPIOA, 2, 7, false);
    gpio_af(GPIOB, 8, 4, true);
    gpio_af(GPIOB, 9, 4, true);
    GPIOB->PUPDR |= (1u << 16) | (1u << 18);
    USART2->BRR = 139;                      /* 16 MHz / 115200 */
    USART2->CR1 = USART_CR1_UE | USART_CR1_TE;

    I2C1->CR2 = 16;
    I2C1->CCR = 80;
    I2C1->TRISE = 17;
    I2C1->CR1 = I2C_CR1_PE;

    for (uint8_t a = 0x48; a < 0x58; a++) {
        if (probe(a)) {
            printf("found 0x%02x\n", a);
            count++;
        }
    }
    printf("%d devices\n", count);
    while (1)
        __WFI();
}
