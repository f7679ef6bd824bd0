/* Endless sampling into two buffers that the DMA swaps itself (DBM); the CPU always works on the one at rest. */
#include "stm32f4xx.h"

#define N 32

static volatile uint16_t buffer[2][N];
volatile uint32_t swaps, wrong_target, mean_mv;

void DMA2_Stream4_IRQHandler(void)
{
    if (!(DMA2->HISR & DMA_HISR_TCIF4))
        return;
    DMA2->HIFCR = DMA_HIFCR_CTCIF4 | DMA_HIFCR_CHTIF4;
    uint32_t filling = (DMA2_Stream4->CR & DMA_SxCR_CT) ? 1u : 0u;
    const volatile uint16_t *full = buffer[1u - filling];
    if (filling != (swaps + 1u) % 2u)
        wrong_target++;
    uint32_t sum = 0;
    for (int i = 0; i < N; i++)
        sum += full[i];
    mean_mv = sum * 3300u / (N * 4095u);
    swaps++;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN | RCC_AHB1ENR_DMA2EN;
    RCC->APB1ENR |= RCC_APB1ENR_TIM2EN;
    RCC->APB2ENR |= RCC_APB2ENR_ADC1EN;
    GPIOA->MODER |= 3u << 8;                      /* PA4, channel 4 */

    DMA2_Stream4->PAR = (uint32_t)&ADC1->DR;
    DMA2_Stream4->M0AR = (uint32_t)buffer[0];
    DMA2_Stream4->M1AR = (uint32_t)buffer[1];
    DMA2_Stream4->NDTR = N;
    DMA2_Stream4->CR = DMA_SxCR_DBM | DMA_SxCR_CIRC | DMA_SxCR_MINC | DMA_SxCR_MSIZE_0 | DMA_SxCR_PSIZE_0 | DMA_SxCR_TCIE;
    DMA2_Stream4->CR |= DMA_SxCR_EN;
    NVIC_EnableIRQ(DMA2_Stream4_IRQn);

    ADC1->SMPR2 = 2u << ADC_SMPR2_SMP4_Pos;
    ADC1->SQR3 = 4;
    ADC1->CR2 = ADC_CR2_ADON | ADC_CR2_DMA | ADC_CR2_DDS | ADC_CR2_EXTEN_0 | (6u << ADC_CR2_EXTSEL_Pos);   /* TIM2_TRGO */
    TIM2->ARR = 16000000u / 20000u - 1u;          /* 20 kHz */
    TIM2->CR2 = TIM_CR2_MMS_1;
    TIM2->CR1 = TIM_CR1_CEN;
    for (;;)
        __WFI();
}
