/* A display of 8 data lines in the first region, filled by DMA2: memory to memory with a fixed destination, a line at a time,
 * the next one started by the interrupt of the last. */
#include "stm32f4xx.h"

#define COMMAND (*(volatile uint8_t *)0x60000000u)
#define DATA    (*(volatile uint8_t *)0x6001FF80u)   /* A16, bit 16 of the address on a bus of 8 bits */
enum { WIDTH = 160, HEIGHT = 128, BAND = 32 };

static uint8_t line[2 * WIDTH];
static volatile uint32_t row;
volatile uint32_t frames;

static void send_line(void)
{
    uint16_t colour = row < BAND ? 0xFFE0 : 0x0000;
    for (unsigned x = 0; x < WIDTH; x++) {
        line[2 * x] = colour >> 8;
        line[2 * x + 1] = colour & 0xFF;
    }
    DMA2_Stream0->NDTR = sizeof line;
    DMA2_Stream0->CR |= DMA_SxCR_EN;
}

void DMA2_Stream0_IRQHandler(void)
{
    DMA2->LIFCR = DMA_LIFCR_CTCIF0 | DMA_LIFCR_CHTIF0;
    if (++row < HEIGHT)
        send_line();
    else
        frames++;
}

static void set(GPIO_TypeDef *port, unsigned pin)
{
    port->AFR[pin >> 3] |= 12u << 4 * (pin & 7);
    port->MODER |= 2u << 2 * pin;
    port->OSPEEDR |= 2u << 2 * pin;
}

static void command(uint8_t code, const uint8_t *parameters, unsigned count)
{
    COMMAND = code;
    while (count--)
        DATA = *parameters++;
}

int main(void)
{
    static const uint8_t pins_d[] = {14, 15, 0, 1, 4, 5, 7, 11}, pins_e[] = {7, 8, 9, 10};
    static const uint8_t columns[] = {0, 0, 0, WIDTH - 1}, rows[] = {0, 0, 0, HEIGHT - 1}, format[] = {0x05}, turned[] = {0x60};
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIODEN | RCC_AHB1ENR_GPIOEEN | RCC_AHB1ENR_DMA2EN;
    RCC->AHB3ENR |= RCC_AHB3ENR_FSMCEN;
    for (unsigned i = 0; i < sizeof pins_d; i++) set(GPIOD, pins_d[i]);
    for (unsigned i = 0; i < sizeof pins_e; i++) set(GPIOE, pins_e[i]);
    FSMC_Bank1->BTCR[1] = 0x00000302;
    FSMC_Bank1->BTCR[0] = FSMC_BCR1_WREN | FSMC_BCR1_MBKEN;

    command(0x01, 0, 0);
    for (volatile unsigned wait = 0; wait < 20000; wait++) { }
    command(0x11, 0, 0);
    command(0x36, turned, sizeof turned);
    command(0x3A, format, sizeof format);
    command(0x2A, columns, sizeof columns);
    command(0x2B, rows, sizeof rows);
    command(0x29, 0, 0);
    command(0x2C, 0, 0);

    DMA2_Stream0->PAR = (uint32_t)line;
    DMA2_Stream0->M0AR = (uint32_t)&DATA;
    DMA2_Stream0->FCR = DMA_SxFCR_DMDIS | DMA_SxFCR_FTH;
    DMA2_Stream0->CR = DMA_SxCR_DIR_1 | DMA_SxCR_PINC | DMA_SxCR_MINC | DMA_SxCR_TCIE;
    NVIC_EnableIRQ(DMA2_Stream0_IRQn);
    send_line();
    while (!frames)
        __WFI();
    for (;;)
        __WFI();
}
