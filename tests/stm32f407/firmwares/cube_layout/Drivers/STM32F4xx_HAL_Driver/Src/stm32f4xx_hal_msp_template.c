/* To be copied into a project, not to be built. */
#include "stm32f4xx_hal.h"

void HAL_MspInit(void)
{
}
