/* Reading 32 registers of a sensor by DMA1 stream 0 (channel 1): LAST makes the unit refuse the final byte by itself. */
#include "stm32f4xx.h"

uint8_t registers[32];
volatile uint32_t finished;

void DMA1_Stream0_IRQHandler(void)
{
    DMA1->LIFCR = DMA_LIFCR_CTCIF0 | DMA_LIFCR_CHTIF0;
    I2C1->CR1 |= I2C_CR1_STOP;
    I2C1->CR2 &= ~(I2C_CR2_DMAEN | I2C_CR2_LAST);
    finished = 1;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOBEN | RCC_AHB1ENR_DMA1EN;
    RCC->APB1ENR |= RCC_APB1ENR_I2C1EN;
    GPIOB->OTYPER |= 3u << 8;
    GPIOB->PUPDR |= 5u << 16;
    GPIOB->AFR[1] |= 0x44u;
    GPIOB->MODER |= 0xAu << 16;
    I2C1->CR2 = 16;
    I2C1->CCR = I2C_CCR_FS | 14u;               /* 16 MHz / (3 * 14) = 381 kHz */
    I2C1->TRISE = 5;                            /* 300 ns * 16 MHz + 1 */
    I2C1->CR1 = I2C_CR1_PE;

    DMA1_Stream0->PAR = (uint32_t)&I2C1->DR;
    DMA1_Stream0->M0AR = (uint32_t)registers;
    DMA1_Stream0->NDTR = sizeof registers;
    DMA1_Stream0->CR = (1u << DMA_SxCR_CHSEL_Pos) | DMA_SxCR_MINC | DMA_SxCR_TCIE;
    DMA1_Stream0->CR |= DMA_SxCR_EN;
    NVIC_EnableIRQ(DMA1_Stream0_IRQn);

    I2C1->CR1 |= I2C_CR1_START;
    while (!(I2C1->SR1 & I2C_SR1_SB)) { }
    I2C1->DR = 0x1E << 1;
    while (!(I2C1->SR1 & I2C_SR1_ADDR)) { }
    (void)I2C1->SR2;
    I2C1->DR = 0x04;
    while (!(I2C1->SR1 & I2C_SR1_BTF)) { }
    I2C1->CR2 |= I2C_CR2_DMAEN | I2C_CR2_LAST;
    I2C1->CR1 |= I2C_CR1_ACK | I2C_CR1_START;
    while (!(I2C1->SR1 & I2C_SR1_SB)) { }
    I2C1->DR = (0x1E << 1) | 1;
    while (!(I2C1->SR1 & I2C_SR1_ADDR)) { }
    (void)I2C1->SR2;
    while (!finished)
        __WFE();
    for (;;)
        __WFI();
}
