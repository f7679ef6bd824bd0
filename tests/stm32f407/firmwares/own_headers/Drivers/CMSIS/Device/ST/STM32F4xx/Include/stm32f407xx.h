/* A header of the firmware's own, with what it needs. */
#ifndef OWN_STM32F407XX_H
#define OWN_STM32F407XX_H

typedef enum { SysTick_IRQn = -1, TIM2_IRQn = 28 } IRQn_Type;
#define __NVIC_PRIO_BITS 4
#define __FPU_PRESENT 1

#include "core_cm4.h"

#define RCC_AHB1ENR (*(volatile unsigned int *)0x40023830)
#define GPIOD_MODER (*(volatile unsigned int *)0x40020C00)
#define GPIOD_ODR (*(volatile unsigned int *)0x40020C14)
#endif
