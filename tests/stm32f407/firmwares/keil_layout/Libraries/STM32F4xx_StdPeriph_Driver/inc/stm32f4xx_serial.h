#ifndef STM32F4XX_SERIAL_H
#define STM32F4XX_SERIAL_H

#include "stm32f4xx.h"

void serial_init(USART_TypeDef *port, uint32_t rate);
void serial_put(USART_TypeDef *port, const char *text);
void clocks_of_other_chips(void);
#endif
