/* A waveform on PE8..PE11 without the CPU: TIM8's update asks DMA2 stream 1 (channel 7) to write words to GPIOE->BSRR. */
#include "stm32f4xx.h"

#define STEP(on) ((uint32_t)(on) << 8 | (uint32_t)(~(on) & 0xF) << 24)

static const uint32_t pattern[8] = {STEP(1), STEP(3), STEP(2), STEP(6), STEP(4), STEP(12), STEP(8), STEP(9)};

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOEEN | RCC_AHB1ENR_DMA2EN;
    RCC->APB2ENR |= RCC_APB2ENR_TIM8EN;
    GPIOE->MODER |= 0x55u << 16;

    DMA2_Stream1->PAR = (uint32_t)&GPIOE->BSRR;
    DMA2_Stream1->M0AR = (uint32_t)pattern;
    DMA2_Stream1->NDTR = 8;
    DMA2_Stream1->CR = (7u << DMA_SxCR_CHSEL_Pos) | DMA_SxCR_MSIZE_1 | DMA_SxCR_PSIZE_1 | DMA_SxCR_MINC | DMA_SxCR_CIRC | DMA_SxCR_DIR_0;
    DMA2_Stream1->CR |= DMA_SxCR_EN;

    TIM8->PSC = 15;
    TIM8->ARR = 249;
    TIM8->DIER = TIM_DIER_UDE;
    TIM8->CR1 = TIM_CR1_CEN;
    for (;;)
        __WFI();
}
