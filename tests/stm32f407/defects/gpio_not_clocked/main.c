/* TIM4 channel 1 on PD12: 1 kHz with a duty of 25 %; channel 3 on PD14 inverted 10 %. Clock 168 MHz, timer 84 MHz. */
#include "stm32f4xx.h"

static void clock_168(void)
{
    RCC->CR |= RCC_CR_HSEON;
    while (!(RCC->CR & RCC_CR_HSERDY)) continue;
    FLASH->ACR = FLASH_ACR_LATENCY_5WS | FLASH_ACR_ICEN | FLASH_ACR_DCEN | FLASH_ACR_PRFTEN;
    RCC->PLLCFGR = (RCC->PLLCFGR & 0xF0808000u) | RCC_PLLCFGR_PLLSRC_HSE
                 | (8u << RCC_PLLCFGR_PLLM_Pos) | (336u << RCC_PLLCFGR_PLLN_Pos);
    RCC->CFGR |= RCC_CFGR_PPRE1_DIV4 | RCC_CFGR_PPRE2_DIV2;
    RCC->CR |= RCC_CR_PLLON;
    while (!(RCC->CR & RCC_CR_PLLRDY)) continue;
    RCC->CFGR |= RCC_CFGR_SW_PLL;
    while ((RCC->CFGR & RCC_CFGR_SWS) != RCC_CFGR_SWS_PLL) continue;
}

int main(void)
{
    clock_168();
    RCC->APB1ENR |= RCC_APB1ENR_TIM4EN;

    GPIOD->MODER = GPIO_MODER_MODE12_1 | GPIO_MODER_MODE14_1;
    GPIOD->AFR[1] = (2u << GPIO_AFRH_AFSEL12_Pos) | (2u << GPIO_AFRH_AFSEL14_Pos);

    TIM4->PSC = 84u - 1u;
    TIM4->ARR = 1000u - 1u;
    TIM4->CCR1 = 250u;
    TIM4->CCR3 = 100u;
    TIM4->CCMR1 = (6u << TIM_CCMR1_OC1M_Pos) | TIM_CCMR1_OC1PE;
    TIM4->CCMR2 = (6u << TIM_CCMR2_OC3M_Pos) | TIM_CCMR2_OC3PE;
    TIM4->CCER = TIM_CCER_CC1E | TIM_CCER_CC3E | TIM_CCER_CC3P;
    TIM4->EGR = TIM_EGR_UG;
    TIM4->CR1 = TIM_CR1_ARPE | TIM_CR1_CEN;
    for (;;)
        __WFI();
}
