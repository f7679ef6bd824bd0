/* A scan of all addresses, those of 10-bit headers too, which no device of this bus acknowledges. */
#include "stm32f4xx.h"

volatile uint32_t count, last, finished;

static int answers(uint32_t address)
{
    I2C1->CR1 |= I2C_CR1_START;
    while (!(I2C1->SR1 & I2C_SR1_SB)) {
    }
    I2C1->DR = address << 1;
    while (!(I2C1->SR1 & (I2C_SR1_ADDR | I2C_SR1_AF))) {
    }
    const int yes = !(I2C1->SR1 & I2C_SR1_AF);
    if (yes) (void)I2C1->SR2;
    else I2C1->SR1 = (uint32_t)~I2C_SR1_AF;
    I2C1->CR1 |= I2C_CR1_STOP;
    while (I2C1->SR2 & I2C_SR2_BUSY) {
    }
    return yes;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOBEN;
    RCC->APB1ENR |= RCC_APB1ENR_I2C1EN;
    (void)RCC->APB1ENR;
    GPIOB->OTYPER |= 3u << 6;
    GPIOB->PUPDR |= 5u << 12;
    GPIOB->AFR[0] |= 0x44u << 24;
    GPIOB->MODER |= 10u << 12;
    I2C1->CR2 = 16;
    I2C1->CCR = 80;
    I2C1->TRISE = 17;
    I2C1->CR1 = I2C_CR1_PE;
    for (uint32_t address = 1; address < 128; address++) {
        if (answers(address)) {
            count++;
            last = address;
        }
    }
    finished = 1;
    for (;;) {
    }
}
