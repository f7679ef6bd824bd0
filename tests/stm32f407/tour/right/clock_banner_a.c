// clock_banner
#include <stdio.h>
#include "stm32f4xx.h"

static volatile uint32_t ms;

void SysTick_Handler(void)
{
    ms++;
}

static void clock_init(void)
{
    RCC->CR |= RCC_CR_HSEON;
    while (!(RCC->CR & RCC_CR_HSERDY)) { }
    FLASH->ACR = FLASH_ACR_LATENCY_5WS | FLASH_ACR_PRFTEN | FLASH_ACR_ICEN | FLASH_ACR_DCEN;
    RCC->PLLCFGR = RCC_PLLCFGR_PLLSRC_HSE | (8u << RCC_PLLCFGR_PLLM_Pos) | (336u << RCC_PLLCFGR_PLLN_Pos) | (7u << RCC_PLLCFGR_PLLQ_Pos);
    RCC->CR |= RCC_CR_PLLON;
    while (!(RCC->CR & RCC_CR_PLLRDY)) { }
    RCC->CFGR = RCC_CFGR_HPRE_DIV1 | RCC_CFGR_PPRE1_DIV4 | RCC_CFGR_PPRE2_DIV2;
    RCC->CFGR |= RCC_CFGR_SW_PLL;
    while ((RCC->CFGR & RCC_CFGR_SWS) != RCC_CFGR_SWS_PLL) { }
    SystemCoreClockUpdate();
}

int main(void)
{
    clock_init();
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    RCC->APB1ENR |= RCC_APB1ENR_USART2EN;
    GPIOA->AFR[0] |= 7u << GPIO_AFRL_AFSEL2_Pos;
    GPIOA->MODER |= GPIO_MODER_MODE2_1;
    USART2->BRR = 365;
    USART2->CR1 = USART_CR1_UE | USART_CR1_TE;
    SysTick_Config(SystemCoreClock / 1000);
    for (uint32_t n = 1; n <= 5; n++) {
        while (ms < n * 10u)
            __WFI();
        printf("tick %lu\r\n", (unsigned long)n);
        fflush(stdout);
    }
    SysTick->CTRL = 0;
    for (;;)
        __WFI();
}
