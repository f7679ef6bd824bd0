/* A low-level library of our own, whose functions of initialization are compiled on request. */
#ifndef STM32F4XX_LL_LAMP_H
#define STM32F4XX_LL_LAMP_H

#include "stm32f4xx.h"

#if defined(GPIOD)
#define LL_LAMP_PIN_14 GPIO_BSRR_BS_14

__STATIC_INLINE void LL_LAMP_Toggle(GPIO_TypeDef *port, uint32_t pin)
{
    uint32_t output = READ_REG(port->ODR);
    WRITE_REG(port->BSRR, ((output & pin) << 16U) | (~output & pin));
}

#if defined(USE_FULL_LL_DRIVER)
typedef struct {
    uint32_t Pin;
    uint32_t Speed;
} LL_LAMP_InitTypeDef;

ErrorStatus LL_LAMP_Init(GPIO_TypeDef *port, const LL_LAMP_InitTypeDef *how);
#endif
#endif
#endif
