#ifndef STM32F4XX_CONF_H
#define STM32F4XX_CONF_H

#include "stm32f4xx_lamp.h"
#include "stm32f4xx_serial.h"

#define assert_param(expression) ((void)0)
#endif
