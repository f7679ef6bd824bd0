/* Pictures one after the other into two buffers that DMA2 changes between; the capture is stopped after the third frame. */
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
static uint32_t buffers[2][BYTES / 4];
volatile uint32_t frames, buffers_full, lines, same;

void DMA2_Stream1_IRQHandler(void)
{
    if (DMA2->LISR & DMA_LISR_TCIF1) {
        DMA2->LIFCR = DMA_LIFCR_CTCIF1 | DMA_LIFCR_CHTIF1;
        buffers_full++;
    }
}

void DCMI_IRQHandler(void)
{
    uint32_t flags = DCMI->MIS;
    DCMI->ICR = flags;
    if (flags & DCMI_MIS_LINE_MIS)
        lines++;
    if ((flags & DCMI_MIS_FRAME_MIS) && ++frames == 3)
        DCMI->CR &= ~DCMI_CR_CAPTURE;            /* between frames it goes at once */
}

int main(void)
{
    camera_pins();
    DMA2_Stream1->PAR = (uint32_t)&DCMI->DR;
    DMA2_Stream1->M0AR = (uint32_t)buffers[0];
    DMA2_Stream1->M1AR = (uint32_t)buffers[1];
    DMA2_Stream1->NDTR = BYTES / 4;
    DMA2_Stream1->CR = 1u << DMA_SxCR_CHSEL_Pos | DMA_SxCR_MSIZE_1 | DMA_SxCR_PSIZE_1 | DMA_SxCR_MINC | DMA_SxCR_DBM | DMA_SxCR_CIRC | DMA_SxCR_TCIE;
    DMA2_Stream1->CR |= DMA_SxCR_EN;
    NVIC_EnableIRQ(DMA2_Stream1_IRQn);
    NVIC_EnableIRQ(DCMI_IRQn);
    DCMI->CR = DCMI_CR_PCKPOL | DCMI_CR_VSPOL;
    DCMI->IER = DCMI_IER_FRAME_IE | DCMI_IER_LINE_IE;
    DCMI->CR |= DCMI_CR_ENABLE;
    DCMI->CR |= DCMI_CR_CAPTURE;
    while (buffers_full < 3)
        __WFI();
    for (int i = 0; i < BYTES / 4; i++)
        same += buffers[0][i] == buffers[1][i];
    for (;;)
        __WFI();
}
