#ifndef MAIN_H
#define MAIN_H

#include "stm32f4xx_hal.h"

#define LAMP_PIN 13U
#define LAMP_PORT GPIOD
#endif
