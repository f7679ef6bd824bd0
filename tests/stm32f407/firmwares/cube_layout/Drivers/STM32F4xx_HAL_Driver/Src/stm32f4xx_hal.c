#include "stm32f4xx_hal.h"

static __IO uint32_t tick;

HAL_StatusTypeDef HAL_Init(void)
{
    SET_BIT(FLASH->ACR, FLASH_ACR_ICEN | FLASH_ACR_DCEN | FLASH_ACR_PRFTEN);
    NVIC_SetPriorityGrouping(3);
    if (SysTick_Config(SystemCoreClock / 1000U) != 0U)
        return HAL_ERROR;
    NVIC_SetPriority(SysTick_IRQn, TICK_INT_PRIORITY);
    HAL_MspInit();
    return HAL_OK;
}

__weak void HAL_MspInit(void)
{
}

__weak void HAL_IncTick(void)
{
    tick++;
}

uint32_t HAL_GetTick(void)
{
    return tick;
}

__weak void HAL_Delay(uint32_t ms)
{
    uint32_t start = HAL_GetTick();
    while (HAL_GetTick() - start < ms) {
    }
}
