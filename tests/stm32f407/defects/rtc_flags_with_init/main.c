/* A week goes by in half a second: alarm A rings on Wednesdays at 06:30, alarm B each day at noon. Both come by one line, and
 * the handler tells them apart by their flags. */
#include "stm32f4xx.h"

volatile uint32_t wednesdays, noons, date_at_a;

void RTC_Alarm_IRQHandler(void)
{
    EXTI->PR = EXTI_PR_PR17;
    uint32_t flags = RTC->ISR & (RTC_ISR_ALRAF | RTC_ISR_ALRBF);
    RTC->ISR = ~flags;
    if (flags & RTC_ISR_ALRAF) {
        wednesdays++;
        (void)RTC->TR;
        date_at_a = RTC->DR;
    }
    if (flags & RTC_ISR_ALRBF)
        noons++;
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
    RTC->ISR |= RTC_ISR_INIT;
    while (!(RTC->ISR & RTC_ISR_INITF)) { }
    RTC->PRER = 0x007F0000;                  /* synchronous first: 1 MHz / (0 + 1) / (0 + 1) in the end */
    RTC->PRER = 0;
    RTC->TR = 0x235900;
    RTC->DR = 0x25A228;                      /* Friday, 28 February 2025 */
    RTC->ALRMAR = RTC_ALRMAR_WDSEL | 3u << RTC_ALRMAR_DU_Pos | 0x063000;
    RTC->ALRMBR = RTC_ALRMBR_MSK4 | 0x120000;
    RTC->CR |= RTC_CR_ALRAIE | RTC_CR_ALRBIE | RTC_CR_ALRAE | RTC_CR_ALRBE;
    EXTI->IMR |= EXTI_IMR_MR17;
    EXTI->RTSR |= EXTI_RTSR_TR17;
    NVIC_EnableIRQ(RTC_Alarm_IRQn);
    RTC->ISR &= ~RTC_ISR_INIT;
    for (;;)
        __WFI();
}
