/* Four channels scanned continuously; DMA2 stream 0 keeps the latest eight values in a circular buffer. */
#include "stm32f4xx.h"

#define CHANNELS 4
#define ROUNDS   2

static volatile uint16_t samples[CHANNELS * ROUNDS];
volatile uint32_t mv[CHANNELS];
volatile uint32_t rounds_done;

void DMA2_Stream0_IRQHandler(void)
{
    if (DMA2->LISR & DMA_LISR_TCIF0) {
        DMA2->LIFCR = DMA_LIFCR_CTCIF0;
        rounds_done += ROUNDS;
        for (int c = 0; c < CHANNELS; c++)
            mv[c] = (samples[c] + samples[c + CHANNELS]) * 3300u / (2u * 4095u);
    }
}

static void adc_init(void)
{
    /* PA0, PA1, PA4 and PC5: channels 0, 1, 4, 15 */
    GPIOA->MODER |= (3u << 0) | (3u << 2) | (3u << 8);
    GPIOC->MODER |= 3u << 10;

    ADC->CCR = ADC_CCR_ADCPRE_0;                           /* PCLK2 / 4 */
    ADC1->CR1 = ADC_CR1_SCAN;
    ADC1->SMPR1 = 7u << ADC_SMPR1_SMP15_Pos;
    ADC1->SMPR2 = (7u << ADC_SMPR2_SMP0_Pos) | (7u << ADC_SMPR2_SMP1_Pos) | (7u << ADC_SMPR2_SMP4_Pos);
    ADC1->SQR1 = (CHANNELS - 1u) << ADC_SQR1_L_Pos;
    ADC1->SQR3 = (0u << ADC_SQR3_SQ1_Pos) | (1u << ADC_SQR3_SQ2_Pos) | (4u << ADC_SQR3_SQ3_Pos) | (15u << ADC_SQR3_SQ4_Pos);
    ADC1->CR2 = ADC_CR2_CONT | ADC_CR2_DMA | ADC_CR2_DDS | ADC_CR2_ADON;
}

static void dma_init(void)
{
    DMA2_Stream0->PAR = (uint32_t)&ADC1->DR;
    DMA2_Stream0->M0AR = (uint32_t)samples;
    DMA2_Stream0->NDTR = CHANNELS * ROUNDS;
    DMA2_Stream0->CR = DMA_SxCR_MSIZE_0 | DMA_SxCR_PSIZE_0 | DMA_SxCR_MINC | DMA_SxCR_CIRC | DMA_SxCR_TCIE;
    DMA2_Stream0->CR |= DMA_SxCR_EN;
    NVIC_EnableIRQ(DMA2_Stream0_IRQn);
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN | RCC_AHB1ENR_GPIOCEN | RCC_AHB1ENR_DMA2EN;
    RCC->APB2ENR |= RCC_APB2ENR_ADC1EN;
    dma_init();
    adc_init();
    for (volatile int settle = 0; settle < 40; settle++) ;
    ADC1->CR2 |= ADC_CR2_SWSTART;
    for (;;)
        __WFI();
}
