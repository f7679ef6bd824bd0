/* Summer time by ADD1H and SUB1H, with BKP as the memory of which is on, in both formats of the hour. */
#include "stm32f4xx.h"

uint32_t seen[6];

static uint32_t now(void)
{
    RTC->ISR &= ~RTC_ISR_RSF;
    while (!(RTC->ISR & RTC_ISR_RSF)) { }
    uint32_t time = RTC->TR;
    (void)RTC->DR;
    return time;
}

static void set(uint32_t time, uint32_t format)
{
    RTC->ISR |= RTC_ISR_INIT;
    while (!(RTC->ISR & RTC_ISR_INITF)) { }
    RTC->CR = (RTC->CR & ~RTC_CR_FMT) | format;
    RTC->TR = time;
    RTC->ISR &= ~RTC_ISR_INIT;
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
    RTC->WPR = 0xCA;
    RTC->WPR = 0x53;

    set(0x015930, 0);
    RTC->CR |= RTC_CR_ADD1H | RTC_CR_BKP;
    seen[0] = now();
    seen[1] = RTC->CR & (RTC_CR_BKP | RTC_CR_ADD1H);
    RTC->CR = (RTC->CR & ~RTC_CR_BKP) | RTC_CR_SUB1H;
    seen[2] = now();
    set(0x115900, RTC_CR_FMT);
    RTC->CR |= RTC_CR_ADD1H;
    seen[3] = now();
    RTC->CR |= RTC_CR_SUB1H;
    seen[4] = now();
    seen[5] = RTC->CR & RTC_CR_BKP;
    for (;;)
        __WFI();
}
