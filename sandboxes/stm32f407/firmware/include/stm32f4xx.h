/* The family header that CMSIS-style sources include: it leads to the one device that this board has, the STM32F407. */
#ifndef STM32F4XX_H
#define STM32F4XX_H

#ifndef STM32F4
#define STM32F4
#endif
#ifndef STM32F407xx
#define STM32F407xx
#endif
#ifndef STM32F40_41xxx
#define STM32F40_41xxx
#endif

#ifndef HSE_VALUE
#define HSE_VALUE 8000000UL /* the crystal of the discovery board */
#endif
#ifndef HSI_VALUE
#define HSI_VALUE 16000000UL
#endif
#ifndef LSE_VALUE
#define LSE_VALUE 32768UL
#endif
#ifndef LSI_VALUE
#define LSI_VALUE 32000UL
#endif

#include "stm32f407xx.h"

typedef enum { RESET = 0, SET = !RESET } FlagStatus, ITStatus;
typedef enum { DISABLE = 0, ENABLE = !DISABLE } FunctionalState;
typedef enum { ERROR = 0, SUCCESS = !ERROR } ErrorStatus;
#define IS_FUNCTIONAL_STATE(STATE) (((STATE) == DISABLE) || ((STATE) == ENABLE))

/* Integer types of older sources. */
typedef int32_t s32;
typedef int16_t s16;
typedef int8_t s8;
typedef uint32_t u32;
typedef uint16_t u16;
typedef uint8_t u8;

/* Sources that bring ST's libraries with them expect these to be pulled in from here. */
#if defined(USE_HAL_DRIVER)
#include "stm32f4xx_hal.h"
#elif defined(USE_STDPERIPH_DRIVER)
#include "stm32f4xx_conf.h"
#endif

#endif
