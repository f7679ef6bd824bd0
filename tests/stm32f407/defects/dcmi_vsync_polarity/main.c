/* One picture of 64 x 16 bytes: snapshot mode, DMA2 stream 1 on channel 1, and the interrupt at the end of the frame. VSYNC of
 * the camera is high between frames, HSYNC low between lines. */
#include "stm32f4xx.h"

static void pin(GPIO_TypeDef *port, unsigned number)
{
    port->AFR[number / 8] = (port->AFR[number / 8] & ~(15u << 4 * (number % 8))) | (13u << 4 * (number % 8));
    port->MODER = (port->MODER & ~(3u << 2 * number)) | (2u << 2 * number);
    port->OSPEEDR |= 2u << 2 * number;
}

/* PIXCLK PA6, HSYNC PA4, VSYNC PB7; D0 to D7: PC6, PC7, PC8, PC9, PE4, PB6, PE5, PE6 */
static void camera_pins(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN | RCC_AHB1ENR_GPIOBEN | RCC_AHB1ENR_GPIOCEN | RCC_AHB1ENR_GPIOEEN | RCC_AHB1ENR_DMA2EN;
    RCC->AHB2ENR |= RCC_AHB2ENR_DCMIEN;
    pin(GPIOA, 6); pin(GPIOA, 4); pin(GPIOB, 7);
    for (unsigned n = 6; n <= 9; n++)
        pin(GPIOC, n);
    pin(GPIOE, 4); pin(GPIOB, 6); pin(GPIOE, 5); pin(GPIOE, 6);
}

enum { BYTES = 64 * 16 };
uint32_t picture[BYTES / 4];
volatile uint32_t frames, still_capturing;

void DCMI_IRQHandler(void)
{
    if (DCMI->MIS & DCMI_MIS_FRAME_MIS) {
        DCMI->ICR = DCMI_ICR_FRAME_ISC;
        still_capturing = DCMI->CR & DCMI_CR_CAPTURE;
        frames++;
    }
}

int main(void)
{
    camera_pins();
    DMA2_Stream1->PAR = (uint32_t)&DCMI->DR;
    DMA2_Stream1->M0AR = (uint32_t)picture;
    DMA2_Stream1->NDTR = BYTES / 4;
    DMA2_Stream1->FCR = DMA_SxFCR_DMDIS | DMA_SxFCR_FTH_0;
    DMA2_Stream1->CR = 1u << DMA_SxCR_CHSEL_Pos | DMA_SxCR_MSIZE_1 | DMA_SxCR_PSIZE_1 | DMA_SxCR_MINC | DMA_SxCR_PL_1;
    DMA2_Stream1->CR |= DMA_SxCR_EN;
    DCMI->CR = DCMI_CR_CM | DCMI_CR_PCKPOL;
    DCMI->IER = DCMI_IER_FRAME_IE;
    NVIC_EnableIRQ(DCMI_IRQn);
    DCMI->CR |= DCMI_CR_ENABLE;
    DCMI->CR |= DCMI_CR_CAPTURE;
    for (;;)
        __WFI();
}
