// i2c_thermometer
/* Small driver with separate functions and a time-out on every wait */
#include <stdbool.h>
#include "stm32f4xx.h"

volatile int32_t tenths;
static bool failed;

static void wait(uint32_t flag)
{
    uint32_t tries = 100000;
    while (!(I2C1->SR1 & flag) && --tries) { }
    if (tries == 0)
        failed = true;
}

static void start_to(uint8_t address)
{
    I2C1->CR1 |= I2C_CR1_START;
    wait(I2C_SR1_SB);
    I2C1->DR = address;
    wait(I2C_SR1_ADDR);
}

static int16_t read16(uint8_t device, uint8_t reg)
{
    start_to((uint8_t)(device << 1));
    (void)I2C1->SR2;
    wait(I2C_SR1_TXE);
    I2C1->DR = reg;
    wait(I2C_SR1_BTF);

    I2C1->CR1 |= I2C_CR1_POS | I2C_CR1_ACK;
    start_to((uint8_t)((device << 1) | 1));
    __disable_irq();
    (void)I2C1->SR2;
    I2C1->CR1 &= ~I2C_CR1_ACK;
    __enable_irq();
    wait(I2C_SR1_BTF);
    I2C1->CR1 |= I2C_CR1_STOP;
    uint16_t value = (uint16_t)(I2C1->DR << 8);
    value |= (uint16_t)I2C1->DR;
    I2C1->CR1 &= ~(I2C_CR1_POS);
    return (int16_t)value;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOBEN;
    RCC->APB1ENR |= RCC_APB1ENR_I2C1EN;
    for (uint32_t pin = 6; pin < 8; pin++) {
        GPIOB->OTYPER |= 1u << pin;
        GPIOB->AFR[0] |= 4u << (pin * 4);
        GPIOB->MODER |= 2u << (pin * 2);
        GPIOB->PUPDR |= 1u << (pin * 2);
    }
    I2C1->CR1 = I2C_CR1_SWRST;
    I2C1->CR1 = 0;
    I2C1->CR2 = SystemCoreClock / 1000000;
    I2C1->CCR = SystemCoreClock / 200000;
    I2C1->TRISE = SystemCoreClock / 1000000 + 1;
    I2C1->CR1 = I2C_CR1_PE;
    int16_t raw = read16(0x48, 0);
    if (!failed)
        tenths = raw * 10 / 256;
    for (;;)
        __WFI();
}
