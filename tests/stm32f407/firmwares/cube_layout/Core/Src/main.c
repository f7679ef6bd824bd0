/* The folders of a generated project: its own startup code, two linker scripts, a library that is switched on by a macro
   on the command line of its own makefile. */
#include "main.h"

__attribute__((section(".ccmram"))) uint32_t tally = 7;
__IO uint32_t started = 0x1234, crystal;
uint32_t zeroed;

int main(void)
{
    if (HAL_Init() != HAL_OK)
        for (;;) {
        }
    started++;
    crystal = HSE_VALUE;
    MODIFY_REG(LAMP_PORT->MODER, 3U << (2U * LAMP_PIN), 1U << (2U * LAMP_PIN));
    MODIFY_REG(GPIOD->MODER, GPIO_MODER_MODER12, GPIO_MODER_MODER12_1);
    MODIFY_REG(GPIOD->AFR[1], GPIO_AFRH_AFSEL12, GPIO_AFRH_AFSEL12_1);
    if (tone(TIM4, TIM_CHANNEL_1, 1000) != HAL_OK || tone(TIM6, TIM_CHANNEL_1, 1000) == HAL_OK)
        for (;;) {
        }
    for (;;) {
        LAMP_PORT->ODR ^= 1U << LAMP_PIN;
        HAL_Delay(5);
        tally++;
        zeroed++;
    }
}
