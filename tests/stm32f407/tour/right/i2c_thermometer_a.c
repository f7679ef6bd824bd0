// i2c_thermometer
#include "stm32f4xx.h"

volatile int32_t tenths;

#define WAIT(flag) while (!(I2C1->SR1 & (flag))) { }

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOBEN;
    RCC->APB1ENR |= RCC_APB1ENR_I2C1EN;
    GPIOB->OTYPER |= 0xC0;
    GPIOB->PUPDR |= 0x5000;
    GPIOB->AFR[0] |= 0x44000000;
    GPIOB->MODER |= 0xA000;
    I2C1->CR2 = 16;
    I2C1->CCR = 80;
    I2C1->TRISE = 17;
    I2C1->CR1 = I2C_CR1_PE;

    I2C1->CR1 |= I2C_CR1_START;
    WAIT(I2C_SR1_SB);
    I2C1->DR = 0x48 << 1;
    WAIT(I2C_SR1_ADDR);
    (void)I2C1->SR2;
    I2C1->DR = 0;
    WAIT(I2C_SR1_BTF);

    I2C1->CR1 |= I2C_CR1_ACK | I2C_CR1_POS;
    I2C1->CR1 |= I2C_CR1_START;
    WAIT(I2C_SR1_SB);
    I2C1->DR = (0x48 << 1) | 1;
    WAIT(I2C_SR1_ADDR);
    (void)I2C1->SR2;
    I2C1->CR1 &= ~I2C_CR1_ACK;
    WAIT(I2C_SR1_BTF);
    I2C1->CR1 |= I2C_CR1_STOP;
    uint32_t high = I2C1->DR;
    uint32_t low = I2C1->DR;
    tenths = (int16_t)(high << 8 | low) * 10 / 256;
    for (;;)
        __WFI();
}
