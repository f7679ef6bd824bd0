/* Stop mode by WFE until alarm A, whose EXTI line makes an event and no interrupt. After stop mode the time is read only when
 * it has been copied to the shadow registers again. */
#include "stm32f4xx.h"

volatile uint32_t wakes, times[3];

static void unlock(void)
{
    RTC->WPR = 0xCA;
    RTC->WPR = 0x53;
}

static uint32_t time_now(void)
{
    while (!(RTC->ISR & RTC_ISR_RSF)) { }
    uint32_t time = RTC->TR;
    (void)RTC->DR;
    return time;
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
    unlock();
    RTC->ISR |= RTC_ISR_INIT;
    while (!(RTC->ISR & RTC_ISR_INITF)) { }
    RTC->PRER = 249;
    RTC->PRER |= 127u << 16;
    RTC->TR = 0x195958;
    RTC->ISR &= ~RTC_ISR_INIT;
    RTC->CR &= ~RTC_CR_ALRAE;
    while (!(RTC->ISR & RTC_ISR_ALRAWF)) { }
    RTC->ALRMAR = RTC_ALRMAR_MSK4 | RTC_ALRMAR_MSK3 | RTC_ALRMAR_MSK2 | RTC_ALRMAR_MSK1;  /* every second */
    RTC->CR |= RTC_CR_ALRAE | RTC_CR_ALRAIE;
    RTC->WPR = 0xFF;
    EXTI->RTSR |= EXTI_RTSR_TR17;
    EXTI->EMR |= EXTI_EMR_MR17;

    SCB->SCR |= SCB_SCR_SLEEPDEEP_Msk;
    __SEV();
    __WFE();                                 /* the event register is clear now */
    for (;;) {
        __WFE();
        if (!(RTC->ISR & RTC_ISR_ALRAF))
            continue;
        RTC->ISR &= ~RTC_ISR_ALRAF;
        uint32_t time = time_now();
        if (wakes < 3)
            times[wakes] = time;
        wakes++;
    }
}
