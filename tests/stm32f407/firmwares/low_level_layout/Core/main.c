/* Uses a library's inline functions, and those that its own makefile would switch on. */
#include "stm32f4xx_ll_lamp.h"

int main(void)
{
    LL_LAMP_InitTypeDef lamp = {LL_LAMP_PIN_14, GPIO_OSPEEDER_OSPEEDR0_0};
    SET_BIT(RCC->AHB1ENR, RCC_AHB1ENR_GPIODEN);
    (void)READ_BIT(RCC->AHB1ENR, RCC_AHB1ENR_GPIODEN);
    if (LL_LAMP_Init(GPIOD, &lamp) != SUCCESS)
        for (;;) {
        }
    SysTick->LOAD = 15999;
    SysTick->VAL = 0;
    SysTick->CTRL = SysTick_CTRL_CLKSOURCE_Msk | SysTick_CTRL_ENABLE_Msk;
    for (;;) {
        while ((SysTick->CTRL & SysTick_CTRL_COUNTFLAG_Msk) == 0U) {
        }
        LL_LAMP_Toggle(GPIOD, LL_LAMP_PIN_14);
    }
}
