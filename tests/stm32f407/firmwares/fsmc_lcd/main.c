/* A display of 240 x 320 on the FSMC's first region: 16 data lines, register select on A16 (PD11), which is bit 17 of the
 * address on a bus of 16 bits. Everything is on ports D and E, as on boards with the package of 100 pins. */
#include "stm32f4xx.h"

#define LCD_COMMAND (*(volatile uint16_t *)0x60000000u)
#define LCD_DATA    (*(volatile uint16_t *)(0x60000000u | (1u << 17)))

volatile uint32_t controller_id;

static void fsmc_pins(void)
{
    /* PD0, 1, 4, 5, 7, 8, 9, 10, 11, 14, 15: D2, D3, NOE, NWE, NE1, D13..D15, A16, D0, D1; PE7..PE15: D4..D12 */
    static const uint8_t port_d[] = {0, 1, 4, 5, 7, 8, 9, 10, 11, 14, 15};
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIODEN | RCC_AHB1ENR_GPIOEEN;
    for (unsigned i = 0; i < sizeof port_d; i++) {
        unsigned pin = port_d[i];
        GPIOD->MODER = (GPIOD->MODER & ~(3u << 2 * pin)) | (2u << 2 * pin);
        GPIOD->OSPEEDR |= 3u << 2 * pin;
        GPIOD->AFR[pin / 8] = (GPIOD->AFR[pin / 8] & ~(15u << 4 * (pin % 8))) | (12u << 4 * (pin % 8));
    }
    for (unsigned pin = 7; pin <= 15; pin++) {
        GPIOE->MODER = (GPIOE->MODER & ~(3u << 2 * pin)) | (2u << 2 * pin);
        GPIOE->OSPEEDR |= 3u << 2 * pin;
        GPIOE->AFR[pin / 8] = (GPIOE->AFR[pin / 8] & ~(15u << 4 * (pin % 8))) | (12u << 4 * (pin % 8));
    }
}

static void fsmc_start(void)
{
    RCC->AHB3ENR |= RCC_AHB3ENR_FSMCEN;
    FSMC_Bank1->BTCR[0] = 0;
    FSMC_Bank1->BTCR[1] = (1u << FSMC_BTR1_ADDSET_Pos) | (9u << FSMC_BTR1_DATAST_Pos);
    FSMC_Bank1E->BWTR[0] = (1u << FSMC_BWTR1_ADDSET_Pos) | (4u << FSMC_BWTR1_DATAST_Pos);
    FSMC_Bank1->BTCR[0] = FSMC_BCR1_MWID_0 | FSMC_BCR1_WREN | FSMC_BCR1_EXTMOD;
    FSMC_Bank1->BTCR[0] |= FSMC_BCR1_MBKEN;
}

static void window(unsigned x0, unsigned y0, unsigned x1, unsigned y1)
{
    LCD_COMMAND = 0x2A;
    LCD_DATA = x0 >> 8; LCD_DATA = x0 & 0xFF; LCD_DATA = x1 >> 8; LCD_DATA = x1 & 0xFF;
    LCD_COMMAND = 0x2B;
    LCD_DATA = y0 >> 8; LCD_DATA = y0 & 0xFF; LCD_DATA = y1 >> 8; LCD_DATA = y1 & 0xFF;
    LCD_COMMAND = 0x2C;
}

static void rectangle(unsigned x, unsigned y, unsigned w, unsigned h, uint16_t colour)
{
    window(x, y, x + w - 1, y + h - 1);
    for (uint32_t n = w * h; n; n--)
        LCD_DATA = colour;
}

int main(void)
{
    fsmc_pins();
    fsmc_start();
    LCD_COMMAND = 0xD3;
    (void)LCD_DATA;
    (void)LCD_DATA;
    controller_id = (LCD_DATA & 0xFF) << 8;
    controller_id |= LCD_DATA & 0xFF;
    LCD_COMMAND = 0x11;
    LCD_COMMAND = 0x36; LCD_DATA = 0x48;
    LCD_COMMAND = 0x3A; LCD_DATA = 0x55;
    LCD_COMMAND = 0x29;
    rectangle(0, 0, 240, 320, 0x001F);
    rectangle(20, 30, 50, 40, 0xF800);
    rectangle(239, 319, 1, 1, 0x07E0);
    for (;;)
        __WFI();
}
