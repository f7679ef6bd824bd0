#include "lamp.h"
#include "bsp/pins.h"

void lamp_init(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIODEN;
    (void)RCC->AHB1ENR;
    GPIOD->MODER |= 1u << (2 * LAMP_PIN);
}

void lamp_set(unsigned pin, int on)
{
    GPIOD->BSRR = on ? 1u << pin : 1u << (pin + 16);
}
