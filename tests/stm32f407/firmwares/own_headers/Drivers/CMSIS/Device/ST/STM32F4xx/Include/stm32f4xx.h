#ifndef OWN_STM32F4XX_H
#define OWN_STM32F4XX_H

#if defined(STM32F429xx)
#include "stm32f429xx.h"
#elif defined(STM32F407xx)
#include "stm32f407xx.h"
#else
#error "Please select the chip"
#endif

#define OWN_FAMILY_HEADER 1
#endif
