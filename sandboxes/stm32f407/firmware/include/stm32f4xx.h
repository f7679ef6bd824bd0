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

#include <stm32f407xx.h> /* in angles: a firmware's own headers come first */

typedef enum { RESET = 0, SET = !RESET } FlagStatus, ITStatus;
typedef enum { DISABLE = 0, ENABLE = !DISABLE } FunctionalState;
typedef enum { ERROR = 0, SUCCESS = !ERROR } ErrorStatus;
#define IS_FUNCTIONAL_STATE(STATE) (((STATE) == DISABLE) || ((STATE) == ENABLE))

/* Integer types of older sources, where build-firmware finds that no source defines such names itself: v volatile,
   c constant. */
#if defined(ASSAY_SHORT_TYPES) || defined(USE_STDPERIPH_DRIVER)
#define SHORT_TYPES(size)                                                                                         \
  typedef int##size##_t s##size;                                                                                  \
  typedef const int##size##_t sc##size;                                                                           \
  typedef volatile int##size##_t vs##size;                                                                        \
  typedef volatile const int##size##_t vsc##size;                                                                 \
  typedef uint##size##_t u##size;                                                                                 \
  typedef const uint##size##_t uc##size;                                                                          \
  typedef volatile uint##size##_t vu##size;                                                                       \
  typedef volatile const uint##size##_t vuc##size;
SHORT_TYPES(32)
SHORT_TYPES(16)
SHORT_TYPES(8)
#undef SHORT_TYPES
#endif

/* Sources that bring ST's libraries with them expect these to be pulled in from here. The HAL's own settings come before
   ours, ours before those of the older library, which redefines them. */
#if defined(USE_HAL_DRIVER)
#include <stm32f4xx_hal.h>
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
#ifndef HSE_STARTUP_TIMEOUT
#define HSE_STARTUP_TIMEOUT 0x05000U /* turns of a loop, as ST's clock set-up counts them */
#endif
#ifndef HSI_STARTUP_TIMEOUT
#define HSI_STARTUP_TIMEOUT 0x05000U
#endif

#if defined(USE_STDPERIPH_DRIVER)
#include <stm32f4xx_family.h>
#include <stm32f4xx_conf.h>
#endif

#endif
