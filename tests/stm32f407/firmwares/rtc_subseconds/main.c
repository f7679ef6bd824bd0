/* Alarm B with three bits of the subseconds: of 250 ticks of ck_apre a second, every eighth. The flag is polled. */
#include "stm32f4xx.h"

volatile uint32_t flags, first_subseconds[3];

int main(void)
{
    RCC->APB1ENR |= RCC_APB1ENR_PWREN;
    (void)RCC->APB1ENR;
    PWR->CR |= PWR_CR_DBP;
    RCC->CSR |= RCC_CSR_LSION;
    while (!(RCC->CSR & RCC_CSR_LSIRDY)) { }
    RCC->BDCR |= RCC_BDCR_RTCSEL_1 | RCC_BDCR_RTCEN;
    RTC->WPR = 0xCA;
    RTC->WPR = 0x53;
    RTC->ISR |= RTC_ISR_INIT;
    while (!(RTC->ISR & RTC_ISR_INITF)) { }
    RTC->PRER = 249u;
    RTC->PRER |= 127u << 16;
    RTC->CR |= RTC_CR_BYPSHAD;
    RTC->ALRMBR = RTC_ALRMBR_MSK4 | RTC_ALRMBR_MSK3 | RTC_ALRMBR_MSK2 | RTC_ALRMBR_MSK1;
    RTC->ALRMBSSR = 3u << RTC_ALRMBSSR_MASKSS_Pos | 5;
    RTC->ISR &= ~RTC_ISR_INIT;
    RTC->CR |= RTC_CR_ALRBE;
    for (;;) {
        while (!(RTC->ISR & RTC_ISR_ALRBF)) { }
        RTC->ISR = (uint32_t)~(RTC_ISR_ALRBF | RTC_ISR_INIT);
        if (flags < 3)
            first_subseconds[flags] = RTC->SSR;
        flags++;
    }
}
