/* A library of our own in the place of the usual one: a tick, lamps and a timer, by the device header's names. */
#ifndef STM32F4XX_HAL_H
#define STM32F4XX_HAL_H

#include "stm32f4xx_hal_conf.h"
#include "stm32f4xx.h"

#ifndef USE_HAL_DRIVER
#error "the build has not said that this library is there"
#endif
#if !defined(STM32F407xx) || defined(STM32F429xx)
#error "another chip"
#endif

#define TIM_CHANNEL_1 0x0U
#define TIM_CHANNEL_2 0x4U
#define TIM_CHANNEL_3 0x8U
#define TIM_CHANNEL_4 0xCU

typedef enum { HAL_OK, HAL_ERROR } HAL_StatusTypeDef;

HAL_StatusTypeDef HAL_Init(void);
void HAL_MspInit(void);
void HAL_IncTick(void);
uint32_t HAL_GetTick(void);
void HAL_Delay(uint32_t ms);

#ifdef HAL_TIM_MODULE_ENABLED
HAL_StatusTypeDef tone(TIM_TypeDef *timer, uint32_t channel, uint32_t hertz);
#endif
#endif
