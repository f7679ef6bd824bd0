/* A sine of 1 kHz on I2S3 for the codec of the Discovery: 48 kHz, master clock, DMA1 stream 7 in a circle, refilled by halves. */
#include <math.h>
#include "stm32f4xx.h"

#define FRAMES 96u                                   /* two periods */
static int16_t buffer[2 * FRAMES];
static uint32_t phase;
volatile uint32_t halves, wholes, errors;

static void audio_clock(uint32_t n, uint32_t r)
{
    RCC->CR |= RCC_CR_HSEON;
    while (!(RCC->CR & RCC_CR_HSERDY)) {
    }
    RCC->PLLCFGR = 8u | (336u << 6) | RCC_PLLCFGR_PLLSRC_HSE | (7u << 24);
    RCC->PLLI2SCFGR = (n << RCC_PLLI2SCFGR_PLLI2SN_Pos) | (r << RCC_PLLI2SCFGR_PLLI2SR_Pos);
    RCC->CR |= RCC_CR_PLLI2SON;
    while (!(RCC->CR & RCC_CR_PLLI2SRDY)) {
    }
}
static void pins(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN | RCC_AHB1ENR_GPIOCEN;
    (void)RCC->AHB1ENR;
    GPIOA->AFR[0] = (GPIOA->AFR[0] & ~(0xFu << 16)) | (6u << 16);                     /* PA4 WS */
    GPIOA->MODER = (GPIOA->MODER & ~GPIO_MODER_MODER4) | GPIO_MODER_MODER4_1;
    GPIOC->AFR[0] |= 6u << 28;                                                        /* PC7 MCK */
    GPIOC->AFR[1] |= (6u << 8) | (6u << 16);                                          /* PC10 CK, PC12 SD */
    GPIOC->MODER |= GPIO_MODER_MODER7_1 | GPIO_MODER_MODER10_1 | GPIO_MODER_MODER12_1;
}

static void fill(int16_t *to, uint32_t frames)
{
    while (frames-- != 0) {
        int16_t sample = (int16_t)(10000.0f * sinf(6.2831853f * (float)phase / 48.0f));
        phase = (phase + 1u) % 48u;
        *to++ = sample;
        *to++ = (int16_t)-sample;
    }
}

void DMA1_Stream7_IRQHandler(void)
{
    uint32_t flags = DMA1->HISR;
    if (flags & DMA_HISR_TEIF7)
        errors++;
    if (flags & DMA_HISR_HTIF7) {
        DMA1->HIFCR = DMA_HIFCR_CHTIF7;
        fill(buffer, FRAMES / 2u);
        halves++;
    }
    if (flags & DMA_HISR_TCIF7) {
        DMA1->HIFCR = DMA_HIFCR_CTCIF7;
        fill(buffer + FRAMES, FRAMES / 2u);
        wholes++;
    }
}

int main(void)
{
    audio_clock(258, 3);                             /* 86 MHz */
    pins();
    RCC->AHB1ENR |= RCC_AHB1ENR_DMA1EN;
    RCC->APB1ENR |= RCC_APB1ENR_SPI3EN;
    (void)RCC->APB1ENR;
    fill(buffer, FRAMES);
    SPI3->I2SPR = SPI_I2SPR_MCKOE | SPI_I2SPR_ODD | 3u;          /* 86 MHz / (256 * 7) */
    SPI3->I2SCFGR = SPI_I2SCFGR_I2SMOD | SPI_I2SCFGR_I2SCFG_1;
    SPI3->CR2 = SPI_CR2_TXDMAEN;
    DMA1_Stream7->PAR = (uint32_t)&SPI3->DR;
    DMA1_Stream7->M0AR = (uint32_t)buffer;
    DMA1_Stream7->NDTR = 2u * FRAMES;
    DMA1_Stream7->CR = DMA_SxCR_CIRC | DMA_SxCR_MINC | DMA_SxCR_DIR_0 | DMA_SxCR_PSIZE_0 | DMA_SxCR_MSIZE_0 | DMA_SxCR_HTIE |
                       DMA_SxCR_TCIE | DMA_SxCR_TEIE | DMA_SxCR_PL_1;
    NVIC_EnableIRQ(DMA1_Stream7_IRQn);
    DMA1_Stream7->CR |= DMA_SxCR_EN;
    SPI3->I2SCFGR |= SPI_I2SCFGR_I2SE;
    for (;;)
        __WFI();
}
