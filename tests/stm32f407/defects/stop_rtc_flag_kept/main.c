/* Stop mode between measurements: the RTC's timer wakes the chip every 100 ms, which then runs on HSI until it has set up its
 * 168 MHz again. SysTick stands still meanwhile. */
#include "stm32f4xx.h"

volatile uint32_t wakes, ticks, on_hsi;

static void fast(void)
{
    RCC->CR |= RCC_CR_HSEON;
    while (!(RCC->CR & RCC_CR_HSERDY)) { }
    FLASH->ACR = FLASH_ACR_LATENCY_5WS | FLASH_ACR_ICEN | FLASH_ACR_DCEN;
    RCC->PLLCFGR = 8u | 336u << 6 | 0u << 16 | RCC_PLLCFGR_PLLSRC_HSE | 7u << 24;
    RCC->CFGR = RCC_CFGR_PPRE1_DIV4 | RCC_CFGR_PPRE2_DIV2;
    RCC->CR |= RCC_CR_PLLON;
    while (!(RCC->CR & RCC_CR_PLLRDY)) { }
    RCC->CFGR |= RCC_CFGR_SW_PLL;
    while ((RCC->CFGR & RCC_CFGR_SWS) != RCC_CFGR_SWS_PLL) { }
}

void SysTick_Handler(void)
{
    ticks++;
}

void RTC_WKUP_IRQHandler(void)
{
    EXTI->PR = EXTI_PR_PR22;
    wakes++;
}

int main(void)
{
    RCC->APB1ENR |= RCC_APB1ENR_PWREN;
    (void)RCC->APB1ENR;
    PWR->CR |= PWR_CR_VOS | PWR_CR_DBP;
    fast();
    RCC->CSR |= RCC_CSR_LSION;
    while (!(RCC->CSR & RCC_CSR_LSIRDY)) { }
    RCC->BDCR |= RCC_BDCR_RTCSEL_1;
    RCC->BDCR |= RCC_BDCR_RTCEN;
    RTC->WPR = 0xCA;
    RTC->WPR = 0x53;
    RTC->CR &= ~RTC_CR_WUTE;
    while (!(RTC->ISR & RTC_ISR_WUTWF)) { }
    RTC->WUTR = 800 - 1;                     /* RTCCLK / 4 = 8 kHz */
    RTC->CR |= RTC_CR_WUCKSEL_1;
    RTC->CR |= RTC_CR_WUTE | RTC_CR_WUTIE;
    RTC->WPR = 0xFF;
    EXTI->IMR |= EXTI_IMR_MR22;
    EXTI->RTSR |= EXTI_RTSR_TR22;
    NVIC_EnableIRQ(RTC_WKUP_IRQn);

    SysTick_Config(168000);
    for (;;) {
        uint32_t begun = ticks;
        while (ticks - begun < 10) { }       /* the work: 10 ms */
        PWR->CR |= PWR_CR_LPDS | PWR_CR_CWUF;
        SCB->SCR |= SCB_SCR_SLEEPDEEP_Msk;
        __DSB();
        __WFI();
        SCB->SCR &= ~SCB_SCR_SLEEPDEEP_Msk;
        if ((RCC->CFGR & RCC_CFGR_SWS) == RCC_CFGR_SWS_HSI)
            on_hsi++;
        fast();
    }
}
