/* A calendar on LSI that goes through the end of a year; the time is printed once a second. */
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

static void rtc_clock(void)
{
    RCC->APB1ENR |= RCC_APB1ENR_PWREN;
    (void)RCC->APB1ENR;
    PWR->CR |= PWR_CR_DBP;
    RCC->CSR |= RCC_CSR_LSION;
    while (!(RCC->CSR & RCC_CSR_LSIRDY)) { }
    RCC->BDCR |= RCC_BDCR_RTCSEL_1 | RCC_BDCR_RTCEN;
}

static void rtc_set(uint32_t time, uint32_t date)
{
    RTC->WPR = 0xCA;
    RTC->WPR = 0x53;
    RTC->PRER = 249u;
    RTC->PRER |= 127u << 16;
    RTC->TR = time;
    RTC->DR = date;
    RTC->WPR = 0xFF;
}

int main(void)
{
    console();
    rtc_clock();
    printf("year set: %s\n", RTC->ISR & RTC_ISR_INITS ? "yes" : "no");
    rtc_set(0x235958, 0x24D231);            /* Saturday, 31 December 2024, 23:59:58 */
    while (!(RTC->ISR & RTC_ISR_RSF)) { }
    printf("year set: %s\n", RTC->ISR & RTC_ISR_INITS ? "yes" : "no");
    uint32_t last = 0;
    for (;;) {
        uint32_t time = RTC->TR, date = RTC->DR;
        if (time == last)
            continue;
        last = time;
        printf("20%02lx-%02lx-%02lx (%lu) %02lx:%02lx:%02lx\n", date >> 16, date >> 8 & 0x1F, date & 0x3F, date >> 13 & 7,
               time >> 16, time >> 8 & 0xFF, time & 0xFF);
    }
}
