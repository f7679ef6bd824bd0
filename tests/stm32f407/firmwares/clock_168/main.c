/* System clock of 168 MHz from the 8 MHz crystal, then the achieved clocks are reported on USART2. */
#include "stm32f4xx.h"
#include <stdio.h>

/* Order matters: flash latency and bus prescalers first, the switch to the fast clock last. */
static void clock_init(void)
{
    RCC->APB1ENR |= RCC_APB1ENR_PWREN;
    PWR->CR |= PWR_CR_VOS;                       /* scale 1 is needed above 144 MHz (RM0090 5.1.3) */

    RCC->CR |= RCC_CR_HSEON;
    while (!(RCC->CR & RCC_CR_HSERDY)) {
    }

    FLASH->ACR = FLASH_ACR_ICEN | FLASH_ACR_DCEN | FLASH_ACR_PRFTEN | FLASH_ACR_LATENCY_5WS;
    while ((FLASH->ACR & FLASH_ACR_LATENCY) != FLASH_ACR_LATENCY_5WS) {
    }

    RCC->CFGR |= RCC_CFGR_HPRE_DIV1 | RCC_CFGR_PPRE1_DIV4 | RCC_CFGR_PPRE2_DIV2;

    /* 8 MHz / 8 * 336 / 2 = 168 MHz; 336 / 7 = 48 MHz for USB */
    RCC->PLLCFGR = (8U << RCC_PLLCFGR_PLLM_Pos) | (336U << RCC_PLLCFGR_PLLN_Pos)
                 | (0U << RCC_PLLCFGR_PLLP_Pos) | (7U << RCC_PLLCFGR_PLLQ_Pos)
                 | RCC_PLLCFGR_PLLSRC_HSE;
    RCC->CR |= RCC_CR_PLLON;
    while (!(RCC->CR & RCC_CR_PLLRDY)) {
    }

    RCC->CFGR = (RCC->CFGR & ~RCC_CFGR_SW) | RCC_CFGR_SW_PLL;
    while ((RCC->CFGR & RCC_CFGR_SWS) != RCC_CFGR_SWS_PLL) {
    }
    SystemCoreClockUpdate();
}

static void console_init(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    RCC->APB1ENR |= RCC_APB1ENR_USART2EN;
    (void)RCC->APB1ENR;

    GPIOA->MODER = (GPIOA->MODER & ~GPIO_MODER_MODER2) | GPIO_MODER_MODER2_1;
    GPIOA->AFR[0] = (GPIOA->AFR[0] & ~(0xFU << 8)) | (7U << 8);

    USART2->BRR = (42000000U + 115200U / 2U) / 115200U;
    USART2->CR1 = USART_CR1_UE | USART_CR1_TE;
}

int main(void)
{
    clock_init();
    console_init();
    printf("SYSCLK=%lu source=%lu\n", (unsigned long)SystemCoreClock,
           (unsigned long)((RCC->CFGR & RCC_CFGR_SWS) >> RCC_CFGR_SWS_Pos));
    while (1) {
        __WFI();
    }
}
