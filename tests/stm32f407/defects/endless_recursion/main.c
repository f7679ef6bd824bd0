/* The CRC unit (polynomial 0x04C11DB7, start 0xFFFFFFFF, no reflection) against a bitwise computation. */
#include "stm32f4xx.h"

volatile uint32_t single, block_hw, block_sw;

__attribute__((noinline)) static uint32_t gray(uint32_t n)
{
    volatile uint32_t low = n & 1u;
    return (gray(n >> 1) << 1) ^ low;
}

static uint32_t crc_soft(uint32_t crc, uint32_t word)
{
    crc ^= word;
    for (int i = 0; i < 32; i++)
        crc = (crc & 0x80000000u) ? (crc << 1) ^ 0x04C11DB7u : crc << 1;
    return crc;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_CRCEN;
    (void)RCC->AHB1ENR;

    CRC->CR = CRC_CR_RESET;
    CRC->DR = 0x12345678u;
    single = CRC->DR;

    CRC->CR = CRC_CR_RESET;
    uint32_t soft = 0xFFFFFFFFu, word = gray(1u);
    for (int i = 0; i < 100; i++) {
        word = word * 1664525u + 1013904223u;
        CRC->DR = word;
        soft = crc_soft(soft, word);
    }
    block_hw = CRC->DR;
    block_sw = soft;
    for (;;)
        __WFI();
}
