/* Alarm A rings every two seconds: its handler sets the next one, each time with the alarm off and ALRAWF awaited. */
#include "stm32f4xx.h"

volatile uint32_t rings;
volatile uint32_t seconds_seen[4];

static uint32_t two_later(uint32_t bcd)
{
    return bcd + 2;
}

static void set_alarm(uint32_t second)
{
    RTC->WPR = 0xCA;
    RTC->WPR = 0x53;
    RTC->CR &= ~RTC_CR_ALRAE;
    while (!(RTC->ISR & RTC_ISR_ALRAWF)) { }
    RTC->ALRMAR = RTC_ALRMAR_MSK4 | RTC_ALRMAR_MSK3 | RTC_ALRMAR_MSK2 | second;
    RTC->CR |= RTC_CR_ALRAIE | RTC_CR_ALRAE;
    RTC->WPR = 0xFF;
}

void RTC_Alarm_IRQHandler(void)
{
    EXTI->PR = EXTI_PR_PR17;
    if (!(RTC->ISR & RTC_ISR_ALRAF))
        return;
    RTC->ISR = ~(RTC_ISR_ALRAF | RTC_ISR_INIT);
    uint32_t now = RTC->TR & 0x7F;
    (void)RTC->DR;
    if (rings < 4)
        seconds_seen[rings] = now;
    rings++;
    set_alarm(two_later(now));
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
    RTC->ISR |= RTC_ISR_INIT;
    while (!(RTC->ISR & RTC_ISR_INITF)) { }
    RTC->PRER = 249u;
    RTC->PRER |= 127u << 16;
    RTC->TR = 0x102957;
    RTC->DR = 0x252207;
    RTC->ISR &= ~RTC_ISR_INIT;
    RTC->WPR = 0xFF;

    EXTI->RTSR |= EXTI_RTSR_TR17;
    EXTI->IMR |= EXTI_IMR_MR17;
    NVIC_EnableIRQ(RTC_Alarm_IRQn);
    set_alarm(0x59);
    for (;;)
        __WFI();
}
