#include "main.h"

void HAL_MspInit(void)
{
    __IO uint32_t settled;
    SET_BIT(RCC->AHB1ENR, RCC_AHB1ENR_GPIODEN);
    SET_BIT(RCC->APB1ENR, RCC_APB1ENR_TIM4EN);
    settled = READ_BIT(RCC->APB1ENR, RCC_APB1ENR_TIM4EN);
    (void)settled;
}
