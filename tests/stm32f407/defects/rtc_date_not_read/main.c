/* The source of the RTC is taken once: to go from LSI to HSE the backup domain is reset, and all in it set up again. */
#include "stm32f4xx.h"

uint32_t before, after, kept;
volatile uint32_t seconds;

static void unlock(void)
{
    RTC->WPR = 0xCA;
    RTC->WPR = 0x53;
}

static void start(uint32_t asynchronous, uint32_t synchronous)
{
    unlock();
    RTC->ISR |= RTC_ISR_INIT;
    while (!(RTC->ISR & RTC_ISR_INITF)) { }
    RTC->PRER = synchronous;
    RTC->PRER |= asynchronous << 16;
    RTC->TR = 0;
    RTC->ISR &= ~RTC_ISR_INIT;
    RTC->ISR &= ~RTC_ISR_RSF;
    while (!(RTC->ISR & RTC_ISR_RSF)) { }
    RTC->WPR = 0xFF;
}

static uint32_t half_second(void)
{
    uint32_t left;
    do {
        left = RTC->SSR;
        seconds = RTC->TR;
    } while (left > 125);
    return left;
}

int main(void)
{
    RCC->APB1ENR |= RCC_APB1ENR_PWREN;
    (void)RCC->APB1ENR;
    PWR->CR |= PWR_CR_DBP;
    RCC->CSR |= RCC_CSR_LSION;
    while (!(RCC->CSR & RCC_CSR_LSIRDY)) { }
    RCC->BDCR |= RCC_BDCR_RTCSEL_1;
    RCC->BDCR |= RCC_BDCR_RTCEN;
    start(127, 249);
    RTC->BKP3R = 77;
    before = half_second();

    RCC->CR |= RCC_CR_HSEON;
    while (!(RCC->CR & RCC_CR_HSERDY)) { }
    RCC->CFGR = (RCC->CFGR & ~RCC_CFGR_RTCPRE) | 8u << RCC_CFGR_RTCPRE_Pos;
    RCC->BDCR |= RCC_BDCR_BDRST;
    RCC->BDCR &= ~RCC_BDCR_BDRST;
    RCC->BDCR |= RCC_BDCR_RTCSEL_1 | RCC_BDCR_RTCSEL_0;
    RCC->BDCR |= RCC_BDCR_RTCEN;
    start(124, 249);                         /* 1 MHz / 125 / 250: 32 counts a second */
    kept = RTC->BKP3R;
    after = half_second();
    while (seconds < 5)
        half_second();
    for (;;)
        __WFI();
}
