#ifndef LAMP_H
#define LAMP_H
#include "stm32f4xx.h"
void lamp_init(void);
void lamp_set(unsigned pin, int on);
#endif
