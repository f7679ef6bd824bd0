/* The order of things in widely used drivers: the SCR by RXDAVL and RXACT, blocks polled until DATAEND, DMAEN set before the
 * data path is started and cleared after the stream's end, the stop command in the stream's handler. */
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
        command(41, 0x80100000u | second << 30, SHORT);   /* R3 has no checksum: CCRCFAIL */
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

enum { BLOCKS = 2 };
static uint32_t buffer[BLOCKS * 128], again[BLOCKS * 128];
static volatile uint32_t read_done, written;
static uint32_t remaining;
static uint32_t *next;
volatile uint32_t widths, equal, rounds;

static void configure(uint32_t bytes, uint32_t size_code, uint32_t direction)
{
    SDIO->DTIMER = 0xFFFFFFFFu;
    SDIO->DLEN = bytes;
    SDIO->DCTRL = (SDIO->DCTRL & ~(SDIO_DCTRL_DTEN | SDIO_DCTRL_DTDIR | SDIO_DCTRL_DTMODE | SDIO_DCTRL_DBLOCKSIZE)) |
                  size_code << SDIO_DCTRL_DBLOCKSIZE_Pos | direction | SDIO_DCTRL_DTEN;
}

static void find_widths(void)
{
    uint32_t scr[2] = {0, 0}, index = 0;
    ask(16, 8, SHORT);
    ask(55, address, SHORT);
    configure(8, 3, SDIO_DCTRL_DTDIR);
    ask(51, 0, SHORT);
    while (!(SDIO->STA & (SDIO_STA_RXOVERR | SDIO_STA_DCRCFAIL | SDIO_STA_DTIMEOUT))) {
        if (SDIO->STA & SDIO_STA_RXDAVL)
            scr[index++ & 1] = SDIO->FIFO;
        else if (!(SDIO->STA & SDIO_STA_RXACT))
            break;
    }
    if (index != 2)
        failed++;
    SDIO->ICR = COMMAND_FLAGS;
    widths = __REV(scr[0]) >> 16 & 15;
    ask(16, 512, SHORT);
}

static void read_polled(uint32_t block, uint32_t *to)
{
    uint32_t left = BLOCKS * 512;
    SDIO->DCTRL = 0;
    configure(left, 9, SDIO_DCTRL_DTDIR);
    ask(18, place(block), SHORT);
    while (!(SDIO->STA & (SDIO_STA_RXOVERR | SDIO_STA_DCRCFAIL | SDIO_STA_DTIMEOUT | SDIO_STA_DATAEND)))
        if ((SDIO->STA & SDIO_STA_RXFIFOHF) && left) {
            for (int i = 0; i < 8; i++)
                *to++ = SDIO->FIFO;
            left -= 32;
        }
    if (SDIO->STA & SDIO_STA_DATAEND)
        ask(12, 0, SHORT);
    else
        failed++;
    while ((SDIO->STA & SDIO_STA_RXDAVL) && left) {
        *to++ = SDIO->FIFO;
        left -= 4;
    }
    failed += left != 0;
    SDIO->ICR = COMMAND_FLAGS;
}

static void write_interrupts(uint32_t block, uint32_t *from)
{
    SDIO->DCTRL = 0;
    next = from;
    remaining = BLOCKS * 512;
    SDIO->MASK |= SDIO_MASK_DCRCFAILIE | SDIO_MASK_DTIMEOUTIE | SDIO_MASK_TXUNDERRIE | SDIO_MASK_DATAENDIE | SDIO_MASK_TXFIFOHEIE;
    ask(25, place(block), SHORT);
    configure(BLOCKS * 512, 9, 0);
    while (!written) { }
    written = 0;
    wait_ready();
}

void SDIO_IRQHandler(void)
{
    if ((SDIO->STA & SDIO_STA_TXFIFOHE) && (SDIO->MASK & SDIO_MASK_TXFIFOHEIE)) {
        if (remaining) {
            const uint32_t *words = next;
            for (int i = 0; i < 8; i++)
                SDIO->FIFO = words[i];
            next += 8;
            remaining -= 32;
        }
    } else if (SDIO->STA & SDIO_STA_DATAEND) {
        SDIO->ICR = SDIO_ICR_DATAENDC;
        SDIO->MASK &= ~(SDIO_MASK_DATAENDIE | SDIO_MASK_DCRCFAILIE | SDIO_MASK_DTIMEOUTIE | SDIO_MASK_TXUNDERRIE | SDIO_MASK_RXOVERRIE |
                        SDIO_MASK_TXFIFOHEIE | SDIO_MASK_RXFIFOHFIE);
        SDIO->DCTRL &= ~SDIO_DCTRL_DTEN;
        if (remaining == 0 && next) {
            next = 0;
            ask(12, 0, SHORT);
            written = 1;
        }
    } else if (SDIO->STA & (SDIO_STA_DCRCFAIL | SDIO_STA_DTIMEOUT | SDIO_STA_RXOVERR | SDIO_STA_TXUNDERR)) {
        failed++;
        SDIO->MASK = 0;
    }
}

void DMA2_Stream3_IRQHandler(void)
{
    DMA2->LIFCR = DMA_LIFCR_CTCIF3 | DMA_LIFCR_CHTIF3;
    ask(12, 0, SHORT);
    SDIO->MASK = 0;
    SDIO->DCTRL &= ~SDIO_DCTRL_DMAEN;
    SDIO->ICR = COMMAND_FLAGS;
    read_done = 1;
}

static void read_dma(uint32_t block, uint32_t *to)
{
    SDIO->DCTRL = 0;
    SDIO->MASK |= SDIO_MASK_DCRCFAILIE | SDIO_MASK_DTIMEOUTIE | SDIO_MASK_RXOVERRIE | SDIO_MASK_DATAENDIE;
    DMA2_Stream3->PAR = (uint32_t)&SDIO->FIFO;
    DMA2_Stream3->M0AR = (uint32_t)to;
    DMA2_Stream3->NDTR = BLOCKS * 128;
    DMA2_Stream3->FCR = DMA_SxFCR_DMDIS | DMA_SxFCR_FTH;
    DMA2_Stream3->CR = 4u << DMA_SxCR_CHSEL_Pos | DMA_SxCR_MBURST_0 | DMA_SxCR_PBURST_0 | DMA_SxCR_MSIZE_1 | DMA_SxCR_PSIZE_1 | DMA_SxCR_MINC |
                       DMA_SxCR_PFCTRL | DMA_SxCR_TCIE;
    DMA2_Stream3->CR |= DMA_SxCR_EN;
    SDIO->DCTRL |= SDIO_DCTRL_DMAEN;
    configure(BLOCKS * 512, 9, SDIO_DCTRL_DTDIR);
    ask(18, place(block), SHORT);
    while (!read_done) { }
    read_done = 0;
    while (SDIO->STA & SDIO_STA_RXACT) { }
    wait_ready();
}

int main(void)
{
    clock_168();
    sdio_start();
    card_start(1);
    NVIC_EnableIRQ(SDIO_IRQn);
    NVIC_EnableIRQ(DMA2_Stream3_IRQn);
    find_widths();
    for (uint32_t round = 0; round < 3; round++, rounds++) {
        read_polled(40 + round, buffer);
        for (int i = 0; i < BLOCKS * 128; i++)
            buffer[i] += 0x10000 * round;
        write_interrupts(60 + 2 * round, buffer);
        read_dma(60 + 2 * round, again);
        equal += memcmp(buffer, again, sizeof buffer) == 0;
    }
    for (;;)
        __WFI();
}
