/* A card of high capacity over four data lines, polled: one block is read, changed, written to another place, and read again;
 * the bus widths come out of the SCR, which is read with blocks of 8 bytes. */
#include "stm32f4xx.h"
#include <string.h>

enum { NONE = 0, SHORT = 1u << SDIO_CMD_WAITRESP_Pos, LONG = 3u << SDIO_CMD_WAITRESP_Pos };
#define COMMAND_FLAGS 0x00C007FFu

volatile uint32_t failed, card_blocks, high_capacity;
static uint32_t address;

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

static void alternate_12(GPIO_TypeDef *port, unsigned pin, unsigned pull_up)
{
    port->AFR[pin / 8] = (port->AFR[pin / 8] & ~(15u << 4 * (pin % 8))) | (12u << 4 * (pin % 8));
    port->MODER = (port->MODER & ~(3u << 2 * pin)) | (2u << 2 * pin);
    port->OSPEEDR |= 3u << 2 * pin;
    port->PUPDR = (port->PUPDR & ~(3u << 2 * pin)) | (pull_up << 2 * pin);
}

static void sdio_start(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOCEN | RCC_AHB1ENR_GPIODEN | RCC_AHB1ENR_DMA2EN;
    RCC->APB2ENR |= RCC_APB2ENR_SDIOEN;
    for (unsigned pin = 8; pin <= 11; pin++)
        alternate_12(GPIOC, pin, 1);
    alternate_12(GPIOC, 12, 0);
    alternate_12(GPIOD, 2, 1);
    SDIO->CLKCR = 118;                          /* 48 MHz / 120 = 400 kHz */
    SDIO->POWER = SDIO_POWER_PWRCTRL;
    SDIO->CLKCR |= SDIO_CLKCR_CLKEN;
}

/* Sends a command and waits; the flags that ended it. */
static uint32_t command(uint32_t index, uint32_t argument, uint32_t response)
{
    uint32_t end = response == NONE ? SDIO_STA_CMDSENT : SDIO_STA_CMDREND | SDIO_STA_CCRCFAIL | SDIO_STA_CTIMEOUT;
    SDIO->ICR = COMMAND_FLAGS;
    SDIO->ARG = argument;
    SDIO->CMD = index | response | SDIO_CMD_CPSMEN;
    while (!(SDIO->STA & end)) { }
    uint32_t status = SDIO->STA & end;
    SDIO->ICR = end;
    return status;
}

/* A command that must be answered well. */
static void ask(uint32_t index, uint32_t argument, uint32_t response)
{
    if (command(index, argument, response) != SDIO_STA_CMDREND || (response == SHORT && index != 8 && index != 3 && (SDIO->RESP1 & 0xFDF98008)))
        failed++;
}

static void card_start(int wide)
{
    command(0, 0, NONE);
    uint32_t second = command(8, 0x1AA, SHORT) == SDIO_STA_CMDREND && (SDIO->RESP1 & 0xFFF) == 0x1AA;
    uint32_t tries = 0;
    do {
        ask(55, 0, SHORT);
        command(41, 0x80100000u, SHORT);   /* R3 has no checksum: CCRCFAIL */
    } while (!(SDIO->RESP1 >> 31) && ++tries < 1000);
    high_capacity = SDIO->RESP1 >> 30 & 1;
    ask(2, 0, LONG);
    ask(3, 0, SHORT);
    address = SDIO->RESP1 & 0xFFFF0000u;
    ask(9, address, LONG);
    if (SDIO->RESP1 >> 30 == 1)
        card_blocks = (((SDIO->RESP2 & 0x3F) << 16 | SDIO->RESP3 >> 16) + 1) * 1024;
    else
        card_blocks = (((SDIO->RESP2 & 0x3FF) << 2 | SDIO->RESP3 >> 30) + 1) << ((SDIO->RESP3 >> 15 & 7) + 2);
    SDIO->CLKCR = SDIO_CLKCR_CLKEN;                        /* 24 MHz */
    ask(7, address, SHORT);
    if (wide) {
        ask(55, address, SHORT);
        ask(6, 2, SHORT);
        SDIO->CLKCR |= SDIO_CLKCR_WIDBUS_0;
    }
    ask(16, 512, SHORT);
}

static uint32_t place(uint32_t block)
{
    return high_capacity ? block : block * 512;
}

/* A written block is in the card when it is back in the state of transfer. */
static void wait_ready(void)
{
    do
        ask(13, address, SHORT);
    while ((SDIO->RESP1 >> 9 & 15) != 4);
}

volatile uint32_t sum, equal, widths;
static uint32_t first[128], second[128];

static void read_data(uint32_t *words, uint32_t bytes, uint32_t size_code)
{
    uint32_t left = bytes / 4;
    while (!(SDIO->STA & (SDIO_STA_RXOVERR | SDIO_STA_DCRCFAIL | SDIO_STA_DTIMEOUT | SDIO_STA_DBCKEND | SDIO_STA_STBITERR))) {
        if (SDIO->STA & SDIO_STA_RXFIFOHF)
            for (int i = 0; i < 8; i++, left--)
                *words++ = SDIO->FIFO;
    }
    if (SDIO->STA & (SDIO_STA_RXOVERR | SDIO_STA_DCRCFAIL | SDIO_STA_DTIMEOUT | SDIO_STA_STBITERR))
        failed++;
    while (left && (SDIO->STA & SDIO_STA_RXDAVL)) {
        *words++ = SDIO->FIFO;
        left--;
    }
    SDIO->ICR = COMMAND_FLAGS;
    (void)size_code;
}

static void expect(uint32_t bytes, uint32_t size_code)
{
    SDIO->DCTRL = 0;
    SDIO->DTIMER = 2400000;
    SDIO->DLEN = bytes;
    SDIO->DCTRL = size_code << SDIO_DCTRL_DBLOCKSIZE_Pos | SDIO_DCTRL_DTDIR | SDIO_DCTRL_DTEN;
}

static void read_block(uint32_t block, uint32_t *words)
{
    expect(512, 9);
    ask(17, place(block), SHORT);
    read_data(words, 512, 9);
}

static void write_block(uint32_t block, const uint32_t *words)
{
    uint32_t left = 128;
    ask(24, place(block), SHORT);
    SDIO->DTIMER = 2400000;
    SDIO->DLEN = 512;
    SDIO->DCTRL = 9u << SDIO_DCTRL_DBLOCKSIZE_Pos | SDIO_DCTRL_DTEN;
    while (!(SDIO->STA & (SDIO_STA_TXUNDERR | SDIO_STA_DCRCFAIL | SDIO_STA_DTIMEOUT | SDIO_STA_DATAEND))) {
        if (left && (SDIO->STA & SDIO_STA_TXFIFOHE))
            for (int i = 0; i < 8 && left; i++, left--)
                SDIO->FIFO = *words++;
    }
    if (!(SDIO->STA & SDIO_STA_DATAEND))
        failed++;
    SDIO->ICR = COMMAND_FLAGS;
    wait_ready();
}

int main(void)
{
    uint32_t scr[2];
    clock_168();
    sdio_start();
    card_start(1);
    ask(55, address, SHORT);
    expect(8, 3);
    ask(51, 0, SHORT);
    read_data(scr, 8, 3);
    widths = ((uint8_t *)scr)[1] & 15;

    read_block(3, first);
    for (int i = 0; i < 512; i++)
        sum += ((uint8_t *)first)[i];
    for (int i = 0; i < 128; i++)
        first[i] ^= 0xFFFFFFFF;
    write_block(77, first);
    read_block(77, second);
    equal = memcmp(first, second, 512) == 0;
    for (;;)
        __WFI();
}
