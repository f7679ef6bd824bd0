/* A sensor with a register file at address 0x1D on I2C1 (PB6 SCL, PB9 SDA), 100 kHz.
 * One, two and six bytes are read; each length needs its own ACK/STOP order (RM0090 27.3.3). */
#include "stm32f4xx.h"

#define SENSOR 0x1Du

uint8_t identity;
uint8_t pair[2];
uint8_t axes[6];
volatile uint32_t stage;

static void i2c_setup(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOBEN;
    RCC->APB1ENR |= RCC_APB1ENR_I2C1EN;

    GPIOB->OTYPER |= GPIO_OTYPER_OT6 | GPIO_OTYPER_OT9;
    GPIOB->PUPDR |= GPIO_PUPDR_PUPD6_0 | GPIO_PUPDR_PUPD9_0;
    GPIOB->AFR[0] |= 4u << GPIO_AFRL_AFSEL6_Pos;
    GPIOB->AFR[1] |= 4u << GPIO_AFRH_AFSEL9_Pos;
    GPIOB->MODER |= GPIO_MODER_MODE6_1 | GPIO_MODER_MODE9_1;

    I2C1->CR1 = I2C_CR1_SWRST;
    I2C1->CR1 = 0;
    I2C1->CR2 = 16u;            /* PCLK1 in MHz */
    I2C1->CCR = 80u;            /* 16 MHz / (2 * 100 kHz) */
    I2C1->TRISE = 17u;          /* 1000 ns * 16 MHz + 1 */
    I2C1->CR1 = I2C_CR1_PE;
}

static void start(uint8_t address_byte)
{
    I2C1->CR1 |= I2C_CR1_START;
    while (!(I2C1->SR1 & I2C_SR1_SB)) { }
    I2C1->DR = address_byte;
    while (!(I2C1->SR1 & I2C_SR1_ADDR)) { }
}

static void clear_addr(void)
{
    (void)I2C1->SR1;
    (void)I2C1->SR2;
}

static void select_register(uint8_t reg)
{
    while (I2C1->SR2 & I2C_SR2_BUSY) { }
    start(SENSOR << 1);
    clear_addr();
    while (!(I2C1->SR1 & I2C_SR1_TXE)) { }
    I2C1->DR = reg;
    while (!(I2C1->SR1 & I2C_SR1_BTF)) { }
}

static void read_one(uint8_t *out)
{
    start((SENSOR << 1) | 1u);
    I2C1->CR1 &= ~I2C_CR1_ACK;
    clear_addr();
    I2C1->CR1 |= I2C_CR1_STOP;
    while (!(I2C1->SR1 & I2C_SR1_RXNE)) { }
    *out = (uint8_t)I2C1->DR;
}

static void read_two(uint8_t *out)
{
    I2C1->CR1 |= I2C_CR1_ACK | I2C_CR1_POS;
    start((SENSOR << 1) | 1u);
    clear_addr();
    I2C1->CR1 &= ~I2C_CR1_ACK;
    while (!(I2C1->SR1 & I2C_SR1_BTF)) { }
    I2C1->CR1 |= I2C_CR1_STOP;
    out[0] = (uint8_t)I2C1->DR;
    out[1] = (uint8_t)I2C1->DR;
    I2C1->CR1 &= ~I2C_CR1_POS;
}

static void read_many(uint8_t *out, uint32_t count)
{
    I2C1->CR1 |= I2C_CR1_ACK;
    start((SENSOR << 1) | 1u);
    clear_addr();
    while (count > 3u) {
        while (!(I2C1->SR1 & I2C_SR1_RXNE)) { }
        *out++ = (uint8_t)I2C1->DR;
        count--;
    }
    while (!(I2C1->SR1 & I2C_SR1_BTF)) { }   /* N-2 in DR, N-1 in the shift register */
    I2C1->CR1 &= ~I2C_CR1_ACK;
    *out++ = (uint8_t)I2C1->DR;
    while (!(I2C1->SR1 & I2C_SR1_BTF)) { }
    I2C1->CR1 |= I2C_CR1_STOP;
    *out++ = (uint8_t)I2C1->DR;
    while (!(I2C1->SR1 & I2C_SR1_RXNE)) { }
    *out = (uint8_t)I2C1->DR;
}

int main(void)
{
    i2c_setup();
    select_register(0x0F);
    read_one(&identity);
    stage = 1;
    select_register(0x20);
    read_two(pair);
    stage = 2;
    select_register(0x28);
    read_many(axes, sizeof axes);
    stage = 3;
    for (;;)
        __WFI();
}
