/* The calendar as a fast counter: HSE / 8 is 1 MHz, and small prescalers let a second pass in 50 us. A leap day, the end of a
 * month and the 12-hour format go by in a blink. */
#include "stm32f4xx.h"

uint32_t dates[4], times[4];

static void set(uint32_t time, uint32_t date, uint32_t format)
{
    RTC->ISR |= RTC_ISR_INIT;
    while (!(RTC->ISR & RTC_ISR_INITF)) { }
    RTC->CR = (RTC->CR & ~RTC_CR_FMT) | format;
    RTC->PRER = 9;                           /* synchronous first */
    RTC->PRER = 4u << 16 | 9;
    RTC->TR = time;
    RTC->DR = date;
    RTC->ISR &= ~RTC_ISR_INIT;
    while (!(RTC->ISR & RTC_ISR_RSF)) { }
}

/* Until two seconds after the hour. */
static void look(unsigned n)
{
    while ((RTC->TR & 0x7F7F) != 0x0002)
        (void)RTC->DR;
    times[n] = RTC->TR;
    dates[n] = RTC->DR;
}

int main(void)
{
    RCC->APB1ENR |= RCC_APB1ENR_PWREN;
    (void)RCC->APB1ENR;
    PWR->CR |= PWR_CR_DBP;
    RCC->CR |= RCC_CR_HSEON;
    while (!(RCC->CR & RCC_CR_HSERDY)) { }
    RCC->CFGR |= 8u << RCC_CFGR_RTCPRE_Pos;
    RCC->BDCR |= RCC_BDCR_RTCSEL;
    RCC->BDCR |= RCC_BDCR_RTCEN;
    RTC->WPR = 0xCA;
    RTC->WPR = 0x53;

    set(0x235955, 0x246228, 0);                          /* Wednesday, 28 February 2024 */
    look(0);
    set(0x235955, 0x234228, 0);                          /* Tuesday, 28 February 2023 */
    look(1);
    set(RTC_TR_PM | 0x115955, 0x99D231, RTC_CR_FMT);   /* 11:59:55 pm, Saturday, 31 December 2099 */
    look(2);
    set(0x115955, 0x252630, RTC_CR_FMT);                 /* 11:59:55 am, Monday, 30 June 2025 */
    look(3);
    for (;;)
        __WFI();
}
