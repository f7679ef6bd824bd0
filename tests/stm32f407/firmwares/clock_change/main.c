/* Full speed, then down to HSE to save power, then back: latency before the rise, after the fall; the baud rate follows. */
#include <stdio.h>
#include "stm32f4xx.h"

static void baud(uint32_t pclk1)
{
    USART2->BRR = (pclk1 + 57600u) / 115200u;
}

static void to_pll(void)
{
    FLASH->ACR = FLASH_ACR_LATENCY_5WS | FLASH_ACR_PRFTEN | FLASH_ACR_ICEN | FLASH_ACR_DCEN;
    RCC->CFGR = (RCC->CFGR & ~(RCC_CFGR_PPRE1 | RCC_CFGR_PPRE2)) | RCC_CFGR_PPRE1_DIV4 | RCC_CFGR_PPRE2_DIV2;
    RCC->CR |= RCC_CR_PLLON;
    while (!(RCC->CR & RCC_CR_PLLRDY)) { }
    RCC->CFGR = (RCC->CFGR & ~RCC_CFGR_SW) | RCC_CFGR_SW_PLL;
    while ((RCC->CFGR & RCC_CFGR_SWS) != RCC_CFGR_SWS_PLL) { }
    SystemCoreClockUpdate();
    baud(SystemCoreClock / 4u);
}

static void to_hse(void)
{
    RCC->CFGR = (RCC->CFGR & ~RCC_CFGR_SW) | RCC_CFGR_SW_HSE;
    while ((RCC->CFGR & RCC_CFGR_SWS) != RCC_CFGR_SWS_HSE) { }
    RCC->CR &= ~RCC_CR_PLLON;
    RCC->CFGR &= ~(RCC_CFGR_PPRE1 | RCC_CFGR_PPRE2);
    FLASH->ACR = FLASH_ACR_ICEN | FLASH_ACR_DCEN;
    SystemCoreClockUpdate();
    baud(SystemCoreClock);
}

static void report(const char *what)
{
    printf("%s %lu\n", what, (unsigned long)SystemCoreClock);
    while (!(USART2->SR & USART_SR_TC)) { }
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    RCC->APB1ENR |= RCC_APB1ENR_USART2EN;
    GPIOA->AFR[0] |= 7u << 8;
    GPIOA->MODER |= 2u << 4;
    baud(16000000u);
    USART2->CR1 = USART_CR1_UE | USART_CR1_TE;
    report("hsi");

    RCC->CR |= RCC_CR_HSEON;
    while (!(RCC->CR & RCC_CR_HSERDY)) { }
    RCC->PLLCFGR = 8u | (336u << 6) | RCC_PLLCFGR_PLLSRC_HSE | (7u << 24);
    to_pll();
    RCC->CR &= ~RCC_CR_HSION;
    report("pll");
    to_hse();
    report("hse");
    to_pll();
    report("pll");
    for (;;)
        __WFI();
}
