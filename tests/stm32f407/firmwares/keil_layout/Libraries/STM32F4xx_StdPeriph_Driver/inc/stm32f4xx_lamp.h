/* A library of our own, built for the whole family as the older library was. */
#ifndef STM32F4XX_LAMP_H
#define STM32F4XX_LAMP_H

#include "stm32f4xx.h"

#if !defined(STM32F40_41xxx) || !defined(USE_STDPERIPH_DRIVER)
#error "the build has not said for which chips this library is to be built"
#endif

void lamp_init(GPIO_TypeDef *port, uint16_t pins);
void lamp_set(GPIO_TypeDef *port, uint16_t pins, FunctionalState state);
#endif
