/* EEPROM with two address bytes on I2C2 (PB10 SCL, PB11 SDA) in fast mode at 42 MHz PCLK1:
 * a page is written, the end of the write found by acknowledge polling, and the page read back. */
#include <string.h>
#include "stm32f4xx.h"

enum { EEPROM = 0x50, PAGE = 0x0040 };

static const char message[] = "page written by I2C2";
char readback[sizeof message];
volatile int result;
volatile uint32_t polls;

static void clocks(void)
{
    RCC->CR |= RCC_CR_HSEON;
    while (!(RCC->CR & RCC_CR_HSERDY)) ;
    FLASH->ACR = FLASH_ACR_LATENCY_5WS | FLASH_ACR_PRFTEN;
    RCC->CFGR = RCC_CFGR_PPRE1_DIV4 | RCC_CFGR_PPRE2_DIV2;
    RCC->PLLCFGR = RCC_PLLCFGR_PLLSRC_HSE | 4u | (168u << 6) | (0u << 16) | (7u << 24);
    RCC->CR |= RCC_CR_PLLON;
    while (!(RCC->CR & RCC_CR_PLLRDY)) ;
    RCC->CFGR |= RCC_CFGR_SW_PLL;
    while ((RCC->CFGR & RCC_CFGR_SWS) != RCC_CFGR_SWS_PLL) ;
}

static void bus_init(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOBEN;
    RCC->APB1ENR |= RCC_APB1ENR_I2C2EN;
    GPIOB->OTYPER |= 3u << 10;
    GPIOB->PUPDR |= 5u << 20;
    GPIOB->AFR[1] |= 0x44u << 8;
    GPIOB->MODER |= 0xAu << 20;

    I2C2->CR2 = 42u;
    I2C2->CCR = I2C_CCR_FS | 35u;               /* 42 MHz / (3 * 400 kHz) */
    I2C2->TRISE = 13u;                          /* 300 ns * 42 MHz + 1 */
    I2C2->CR1 |= I2C_CR1_PE;
}

/* true when the device acknowledged its address */
static int address(uint8_t byte)
{
    uint32_t sr1;
    I2C2->CR1 |= I2C_CR1_START;
    while (!(I2C2->SR1 & I2C_SR1_SB)) ;
    I2C2->DR = byte;
    do {
        sr1 = I2C2->SR1;
    } while (!(sr1 & (I2C_SR1_ADDR | I2C_SR1_AF)));
    if (sr1 & I2C_SR1_AF) {
        I2C2->SR1 = ~I2C_SR1_AF;
        I2C2->CR1 |= I2C_CR1_STOP;
        return 0;
    }
    (void)I2C2->SR2;
    return 1;
}

static void send(uint8_t byte)
{
    while (!(I2C2->SR1 & I2C_SR1_TXE)) ;
    I2C2->DR = byte;
}

static void stop(void)
{
    while (!(I2C2->SR1 & I2C_SR1_BTF)) ;
    I2C2->CR1 |= I2C_CR1_STOP;
    while (I2C2->CR1 & I2C_CR1_STOP) ;          /* cleared by hardware when the condition is on the bus */
}

static void page_write(uint16_t where, const char *data, unsigned count)
{
    address(EEPROM << 1);
    send((uint8_t)(where >> 8));
    send((uint8_t)where);
    while (count--)
        send((uint8_t)*data++);
    stop();
    while (!address(EEPROM << 1)) {
        while (I2C2->CR1 & I2C_CR1_STOP) ;
        polls++;
    }
    I2C2->CR1 |= I2C_CR1_STOP;
    while (I2C2->CR1 & I2C_CR1_STOP) ;
}

static void sequential_read(uint16_t where, char *out, unsigned count)
{
    address(EEPROM << 1);
    send((uint8_t)(where >> 8));
    send((uint8_t)where);
    while (!(I2C2->SR1 & I2C_SR1_BTF)) ;
    I2C2->CR1 |= I2C_CR1_ACK;
    address((EEPROM << 1) | 1);
    for (unsigned left = count; left; left--) {
        if (left == 3) {
            while (!(I2C2->SR1 & I2C_SR1_BTF)) ;
            I2C2->CR1 &= ~I2C_CR1_ACK;
        } else if (left == 2) {
            while (!(I2C2->SR1 & I2C_SR1_BTF)) ;
            I2C2->CR1 |= I2C_CR1_STOP;
        } else {
            while (!(I2C2->SR1 & I2C_SR1_RXNE)) ;
        }
        *out++ = (char)I2C2->DR;
    }
}

int main(void)
{
    clocks();
    bus_init();
    page_write(PAGE, message, sizeof message);
    sequential_read(PAGE, readback, sizeof message);
    result = memcmp(message, readback, sizeof message) == 0 ? 1 : -1;
    while (1)
        __WFI();
}
