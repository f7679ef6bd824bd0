#ifndef LAMP_H
#define LAMP_H
#include "STM32F4xx.h"
void lamp_on(void);
#endif
