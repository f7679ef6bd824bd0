/* Switched off in stm32f4xx_hal_conf.h. */
#include "stm32f4xx_hal.h"

#ifdef HAL_CAN_MODULE_ENABLED
#include "stm32f4xx_hal_can.h"
#endif
