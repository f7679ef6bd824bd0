/* A window of 8 x 4 bytes out of the picture, without DMA: the words are taken one by one as the flag says. */
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

uint32_t window[8];
volatile uint32_t words, overruns;

int main(void)
{
    camera_pins();
    DCMI->CWSTRT = 2u << 16 | 12;               /* from line 2, column 12 */
    DCMI->CWSIZE = 4u << 16 | 8;
    DCMI->CR = DCMI_CR_CM | DCMI_CR_CROP | DCMI_CR_PCKPOL | DCMI_CR_VSPOL;
    DCMI->CR |= DCMI_CR_ENABLE;
    DCMI->CR |= DCMI_CR_CAPTURE;
    while (!(DCMI->RIS & DCMI_RIS_FRAME_RIS)) {
        while (DCMI->SR & DCMI_SR_FNE)
            window[words++ % 8] = DCMI->DR;
    }
    while (DCMI->SR & DCMI_SR_FNE)
        window[words++ % 8] = DCMI->DR;
    overruns = DCMI->RIS & DCMI_RIS_OVR_RIS;
    DCMI->ICR = DCMI_ICR_FRAME_ISC | DCMI_ICR_VSYNC_ISC | DCMI_ICR_LINE_ISC;
    DCMI->CR = 0;
    for (;;)
        __WFI();
}
