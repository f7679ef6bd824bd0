/* The RTC on LSE, whose start takes about two seconds. The wake-up timer at 1 Hz (ck_spre) tells the seconds. */
#include "stm32f4xx.h"

volatile uint32_t wakes;
volatile uint32_t time_at_wake[4];

void RTC_WKUP_IRQHandler(void)
{
    EXTI->PR = EXTI_PR_PR22;
    RTC->ISR &= ~RTC_ISR_WUTF;
    RTC->ISR &= ~RTC_ISR_RSF;
    while (!(RTC->ISR & RTC_ISR_RSF)) { }
    if (wakes < 4)
        time_at_wake[wakes] = RTC->TR;
    (void)RTC->DR;
    wakes++;
}

int main(void)
{
    RCC->APB1ENR |= RCC_APB1ENR_PWREN;
    (void)RCC->APB1ENR;
    PWR->CR |= PWR_CR_DBP;
    while (!(PWR->CR & PWR_CR_DBP)) { }
    RCC->BDCR |= RCC_BDCR_LSEON;
    for (volatile int i = 0; i < 2000; i++) { }
    RCC->BDCR |= RCC_BDCR_RTCSEL_0;
    RCC->BDCR |= RCC_BDCR_RTCEN;

    RTC->WPR = 0xCA;
    RTC->WPR = 0x53;
    RTC->ISR |= RTC_ISR_INIT;
    for (int i = 0; i < 10000 && !(RTC->ISR & RTC_ISR_INITF); i++) { }
    RTC->CR &= ~RTC_CR_FMT;
    RTC->TR = 0x115959;
    RTC->DR = 0x26C228;
    RTC->ISR &= ~RTC_ISR_INIT;
    RTC->CR &= ~RTC_CR_WUTE;
    while (!(RTC->ISR & RTC_ISR_WUTWF)) { }
    RTC->WUTR = 0;
    RTC->CR |= 4u << RTC_CR_WUCKSEL_Pos;
    RTC->CR |= RTC_CR_WUTIE | RTC_CR_WUTE;

    EXTI->IMR |= EXTI_IMR_MR22;
    EXTI->RTSR |= EXTI_RTSR_TR22;
    NVIC_EnableIRQ(RTC_WKUP_IRQn);
    for (;;)
        __WFI();
}
