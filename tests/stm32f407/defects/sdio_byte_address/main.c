/* A card over four data lines with DMA2: stream 3 reads four blocks, stream 6 writes them elsewhere, both on channel 4 with the
 * SDIO as flow controller; the SDIO's interrupt and the stream's tell the end. */
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
    return block * 512;
}

/* A written block is in the card when it is back in the state of transfer. */
static void wait_ready(void)
{
    do
        ask(13, address, SHORT);
    while ((SDIO->RESP1 >> 9 & 15) != 4);
}

enum { BLOCKS = 4 };
static uint32_t buffer[BLOCKS * 128];
static volatile uint32_t data_end, dma_end;
volatile uint32_t sum, counter_left;

void SDIO_IRQHandler(void)
{
    if (SDIO->STA & (SDIO_STA_DCRCFAIL | SDIO_STA_DTIMEOUT | SDIO_STA_RXOVERR | SDIO_STA_TXUNDERR | SDIO_STA_STBITERR))
        failed++;
    SDIO->ICR = COMMAND_FLAGS;
    SDIO->MASK = 0;
    data_end = 1;
}

void DMA2_Stream3_IRQHandler(void)
{
    DMA2->LIFCR = DMA_LIFCR_CTCIF3 | DMA_LIFCR_CHTIF3 | DMA_LIFCR_CTEIF3 | DMA_LIFCR_CDMEIF3 | DMA_LIFCR_CFEIF3;
    dma_end = 1;
}

void DMA2_Stream6_IRQHandler(void)
{
    DMA2->HIFCR = DMA_HIFCR_CTCIF6 | DMA_HIFCR_CHTIF6 | DMA_HIFCR_CTEIF6 | DMA_HIFCR_CDMEIF6 | DMA_HIFCR_CFEIF6;
    dma_end = 1;
}

static void stream_start(DMA_Stream_TypeDef *stream, uint32_t direction)
{
    stream->CR = 0;
    while (stream->CR & DMA_SxCR_EN) { }
    stream->PAR = (uint32_t)&SDIO->FIFO;
    stream->M0AR = (uint32_t)buffer;
    stream->NDTR = 0;
    stream->FCR = DMA_SxFCR_DMDIS | DMA_SxFCR_FTH;
    stream->CR = 4u << DMA_SxCR_CHSEL_Pos | DMA_SxCR_MBURST_0 | DMA_SxCR_PBURST_0 | 3u << DMA_SxCR_PL_Pos | DMA_SxCR_MSIZE_1 | DMA_SxCR_PSIZE_1 |
                 DMA_SxCR_MINC | direction | DMA_SxCR_PFCTRL | DMA_SxCR_TCIE;
    stream->CR |= DMA_SxCR_EN;
}

static void finish(uint32_t stop)
{
    while (!data_end || !dma_end) { }
    if (stop)
        ask(12, 0, SHORT);
    wait_ready();
    data_end = dma_end = 0;
    SDIO->DCTRL = 0;
}

static void arm(uint32_t direction)
{
    SDIO->DTIMER = 0xFFFFFFFF;
    SDIO->DLEN = sizeof buffer;
    SDIO->MASK = SDIO_MASK_DATAENDIE | SDIO_MASK_DCRCFAILIE | SDIO_MASK_DTIMEOUTIE | SDIO_MASK_RXOVERRIE | SDIO_MASK_TXUNDERRIE | SDIO_MASK_STBITERRIE;
    SDIO->DCTRL = 9u << SDIO_DCTRL_DBLOCKSIZE_Pos | direction | SDIO_DCTRL_DMAEN | SDIO_DCTRL_DTEN;
}

int main(void)
{
    clock_168();
    sdio_start();
    card_start(1);
    NVIC_EnableIRQ(SDIO_IRQn);
    NVIC_EnableIRQ(DMA2_Stream3_IRQn);
    NVIC_EnableIRQ(DMA2_Stream6_IRQn);

    stream_start(DMA2_Stream3, 0);
    arm(SDIO_DCTRL_DTDIR);
    ask(18, place(100), SHORT);
    finish(1);
    counter_left = DMA2_Stream3->NDTR;
    for (int i = 0; i < BLOCKS * 128; i++)
        sum += buffer[i];

    stream_start(DMA2_Stream6, DMA_SxCR_DIR_0);
    ask(25, place(200), SHORT);
    arm(0);
    finish(1);
    for (;;)
        __WFI();
}
