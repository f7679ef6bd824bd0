#include "stm32f4xx_lamp.h"

static uint32_t port_bit(GPIO_TypeDef *port)
{
    if (port == GPIOK || port == GPIOJ)
        return 0; /* not on this chip */
    return 1UL << (((uint32_t)port - GPIOA_BASE) / (GPIOB_BASE - GPIOA_BASE));
}

void lamp_init(GPIO_TypeDef *port, uint16_t pins)
{
    u8 n;
    RCC->AHB1ENR |= port_bit(port);
    (void)RCC->AHB1ENR;
    for (n = 0; n < 16; n++) {
        if ((pins >> n & 1) == 0)
            continue;
        port->MODER &= ~(GPIO_MODER_MODER0 << (n * 2));
        port->MODER |= GPIO_MODER_MODER0_0 << (n * 2);
        port->OSPEEDR |= GPIO_OSPEEDER_OSPEEDR0 << (n * 2);
    }
}

void lamp_set(GPIO_TypeDef *port, uint16_t pins, FunctionalState state)
{
    if (state != DISABLE)
        port->BSRRL = pins;
    else
        port->BSRRH = pins;
}
