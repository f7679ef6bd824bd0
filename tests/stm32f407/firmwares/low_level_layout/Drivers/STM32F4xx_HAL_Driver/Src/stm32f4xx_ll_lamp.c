#if defined(USE_FULL_LL_DRIVER)
#include "stm32f4xx_ll_lamp.h"

ErrorStatus LL_LAMP_Init(GPIO_TypeDef *port, const LL_LAMP_InitTypeDef *how)
{
    uint32_t at = 2U * POSITION_VAL(how->Pin);
    if (!IS_GPIO_ALL_INSTANCE(port))
        return ERROR;
    MODIFY_REG(port->OSPEEDR, GPIO_OSPEEDER_OSPEEDR0 << at, how->Speed << at);
    MODIFY_REG(port->MODER, GPIO_MODER_MODER0 << at, GPIO_MODER_MODER0_0 << at);
    return SUCCESS;
}
#endif
