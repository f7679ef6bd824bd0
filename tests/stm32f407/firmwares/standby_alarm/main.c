/* Standby mode until alarm A, three seconds after it was set. LSE and the RTC go on through it and through the reset that ends
 * it, so that the time needs no new setting. */
#include <stdio.h>
#include "stm32f4xx.h"

static void console(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    RCC->APB1ENR |= RCC_APB1ENR_USART2EN;
    GPIOA->AFR[0] |= 7u << 8;
    GPIOA->MODER |= 2u << 4;
    USART2->BRR = 139;
    USART2->CR1 = USART_CR1_UE | USART_CR1_TE;
}

static void unlock(void)
{
    RTC->WPR = 0xCA;
    RTC->WPR = 0x53;
}

static uint32_t time_now(void)
{
    unlock();
    RTC->ISR &= ~RTC_ISR_RSF;
    while (!(RTC->ISR & RTC_ISR_RSF)) { }
    RTC->WPR = 0xFF;
    uint32_t time = RTC->TR;
    (void)RTC->DR;
    return time;
}

static void clock_on(void)
{
    RCC->BDCR |= RCC_BDCR_LSEON;
    while (!(RCC->BDCR & RCC_BDCR_LSERDY)) { }
    RCC->BDCR |= RCC_BDCR_RTCSEL_0;
    RCC->BDCR |= RCC_BDCR_RTCEN;
    unlock();
    RTC->ISR |= RTC_ISR_INIT;
    while (!(RTC->ISR & RTC_ISR_INITF)) { }
    RTC->TR = 0x064500;
    RTC->DR = 0x262928;
    RTC->ISR &= ~RTC_ISR_INIT;
    RTC->WPR = 0xFF;
}

static void standby_until(uint32_t time)
{
    unlock();
    RTC->CR &= ~(RTC_CR_ALRAE | RTC_CR_ALRAIE);
    while (!(RTC->ISR & RTC_ISR_ALRAWF)) { }
    RTC->ALRMAR = RTC_ALRMAR_MSK4 | time;
    RTC->ISR = ~(RTC_ISR_ALRAF | RTC_ISR_INIT);
    PWR->CR |= PWR_CR_CWUF;
    RTC->CR |= RTC_CR_ALRAIE;
    RTC->CR |= RTC_CR_ALRAE;
    RTC->WPR = 0xFF;
    PWR->CR |= PWR_CR_PDDS;
    SCB->SCR |= SCB_SCR_SLEEPDEEP_Msk;
    __DSB();
    __WFI();
    for (;;) { }
}

int main(void)
{
    console();
    RCC->APB1ENR |= RCC_APB1ENR_PWREN;
    (void)RCC->APB1ENR;
    PWR->CR |= PWR_CR_DBP;
    if (!(PWR->CSR & PWR_CSR_SBF)) {
        clock_on();
        printf("set %06lx\n", time_now());
        while (!(USART2->SR & USART_SR_TC)) { }
        standby_until(0x064503);
    }
    PWR->CR |= PWR_CR_CSBF | PWR_CR_CWUF;
    printf("woken %06lx, alarm %lu, source %lu, power %lu\n", time_now(), RTC->ISR >> 8 & 1, RCC->BDCR >> 8 & 3, RCC->CSR >> 27 & 1);
    for (;;)
        __WFI();
}
