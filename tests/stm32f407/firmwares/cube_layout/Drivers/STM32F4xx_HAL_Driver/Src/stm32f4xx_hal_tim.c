#include "stm32f4xx_hal.h"

#ifdef HAL_TIM_MODULE_ENABLED
HAL_StatusTypeDef tone(TIM_TypeDef *timer, uint32_t channel, uint32_t hertz)
{
    if (!IS_TIM_CCX_INSTANCE(timer, channel) || channel != TIM_CHANNEL_1)
        return HAL_ERROR;
    if (IS_TIM_COUNTER_MODE_SELECT_INSTANCE(timer))
        CLEAR_BIT(timer->CR1, TIM_CR1_DIR | TIM_CR1_CMS);
    timer->PSC = SystemCoreClock / 1000000U - 1U;
    timer->ARR = 1000000U / hertz - 1U;
    timer->CCR1 = 500000U / hertz;
    MODIFY_REG(timer->CCMR1, TIM_CCMR1_OC1M | TIM_CCMR1_CC1S, TIM_CCMR1_OC1M_2 | TIM_CCMR1_OC1M_1 | TIM_CCMR1_OC1PE);
    SET_BIT(timer->CCER, TIM_CCER_CC1E << (channel & 0x1FU));
    if (IS_TIM_BREAK_INSTANCE(timer))
        SET_BIT(timer->BDTR, TIM_BDTR_MOE);
    timer->EGR = TIM_EGR_UG;
    SET_BIT(timer->CR1, TIM_CR1_CEN);
    return HAL_OK;
}
#endif
