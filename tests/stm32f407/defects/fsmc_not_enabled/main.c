/* A static RAM of 1 MB (512 K x 16) in the third region (NE3 on PG10), tested with words, half-words, bytes and accesses
 * that are not aligned; 168 MHz, so that the set-up times matter. */
#include "stm32f4xx.h"

#define SRAM_BASE_ADDRESS 0x68000000u
#define SRAM_BYTES        (1u << 20)

volatile uint32_t errors, lines_tested, sum;

static void clock_168(void)
{
    RCC->CR |= RCC_CR_HSEON;
    while (!(RCC->CR & RCC_CR_HSERDY)) { }
    FLASH->ACR = FLASH_ACR_LATENCY_5WS | FLASH_ACR_PRFTEN | FLASH_ACR_ICEN | FLASH_ACR_DCEN;
    RCC->PLLCFGR = RCC_PLLCFGR_PLLSRC_HSE | 8u | (336u << 6) | (7u << 24);
    RCC->CFGR = RCC_CFGR_PPRE1_DIV4 | RCC_CFGR_PPRE2_DIV2;
    RCC->CR |= RCC_CR_PLLON;
    while (!(RCC->CR & RCC_CR_PLLRDY)) { }
    RCC->CFGR |= RCC_CFGR_SW_PLL;
    while ((RCC->CFGR & RCC_CFGR_SWS) != RCC_CFGR_SWS_PLL) { }
}

static void alternate_12(GPIO_TypeDef *port, uint32_t pins)
{
    for (unsigned pin = 0; pin < 16; pin++) {
        if (!(pins >> pin & 1))
            continue;
        port->AFR[pin / 8] = (port->AFR[pin / 8] & ~(15u << 4 * (pin % 8))) | (12u << 4 * (pin % 8));
        port->MODER = (port->MODER & ~(3u << 2 * pin)) | (2u << 2 * pin);
        port->OSPEEDR |= 3u << 2 * pin;
    }
}

static void sram_start(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIODEN | RCC_AHB1ENR_GPIOEEN | RCC_AHB1ENR_GPIOFEN | RCC_AHB1ENR_GPIOGEN;
    alternate_12(GPIOD, 0xFF33);   /* D0..D3, D13..D15, NOE, NWE, A16..A18 */
    alternate_12(GPIOE, 0xFF83);   /* NBL0, NBL1, D4..D12 */
    alternate_12(GPIOF, 0xF03F);   /* A0..A9 */
    alternate_12(GPIOG, 0x043F);   /* A10..A15, NE3 */
    RCC->AHB3ENR |= RCC_AHB3ENR_FSMCEN;
    FSMC_Bank1->BTCR[5] = (0u << FSMC_BTR1_ADDSET_Pos) | (8u << FSMC_BTR1_DATAST_Pos);
    FSMC_Bank1->BTCR[4] = FSMC_BCR1_MWID_0 | FSMC_BCR1_WREN;
}

static void test_lines(void)
{
    volatile uint16_t *ram = (volatile uint16_t *)SRAM_BASE_ADDRESS;
    ram[0] = 0xBEEF;
    for (uint32_t step = 1; step < SRAM_BYTES / 2; step <<= 1)
        ram[step] = (uint16_t)(step ^ 0x5A5A);
    for (uint32_t step = 1; step < SRAM_BYTES / 2; step <<= 1, lines_tested++)
        if (ram[step] != (uint16_t)(step ^ 0x5A5A))
            errors++;
    if (ram[0] != 0xBEEF)
        errors++;
}

static void test_widths(void)
{
    volatile uint32_t *words = (volatile uint32_t *)(SRAM_BASE_ADDRESS + 0x1000);
    volatile uint8_t *bytes = (volatile uint8_t *)words;
    words[0] = 0x11223344;
    words[1] = 0x55667788;
    bytes[2] = 0xAA;
    bytes[5] = 0xBB;
    if (words[0] != 0x11AA3344 || words[1] != 0x5566BB88 || bytes[3] != 0x11)
        errors++;
    if (*(volatile uint32_t *)(bytes + 3) != 0x66BB8811)
        errors++;
    for (uint32_t i = 0; i < 256; i++)
        words[i] = i * i;
    for (uint32_t i = 0; i < 256; i++)
        sum += words[i];
}

int main(void)
{
    clock_168();
    sram_start();
    test_lines();
    test_widths();
    *(volatile uint32_t *)(SRAM_BASE_ADDRESS + SRAM_BYTES - 4) = 0xCAFEF00D;
    for (;;)
        __WFI();
}
