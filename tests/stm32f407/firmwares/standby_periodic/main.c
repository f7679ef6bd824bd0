/* Sleeps in standby mode and wakes by the RTC's timer every 200 ms. Each awakening is a reset: what lasts lies in the backup
 * registers. LSI is off after every reset. */
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

static void timer_on(void)
{
    RCC->BDCR |= RCC_BDCR_RTCSEL_1;
    RCC->BDCR |= RCC_BDCR_RTCEN;
    unlock();
    RTC->CR &= ~RTC_CR_WUTE;
    while (!(RTC->ISR & RTC_ISR_WUTWF)) { }
    RTC->WUTR = 400 - 1;                     /* 32 kHz / 16 */
    RTC->CR &= ~RTC_CR_WUCKSEL;
    RTC->CR |= RTC_CR_WUTE | RTC_CR_WUTIE;
    RTC->WPR = 0xFF;
}

static void standby(void)
{
    /* 5.3.6: the flags of the RTC first, then that of PWR. */
    unlock();
    RTC->CR &= ~RTC_CR_WUTIE;
    RTC->ISR &= ~RTC_ISR_WUTF;
    PWR->CR |= PWR_CR_CWUF;
    RTC->CR |= RTC_CR_WUTIE;
    RTC->WPR = 0xFF;
    PWR->CR |= PWR_CR_PDDS;
    SCB->SCR |= SCB_SCR_SLEEPDEEP_Msk;
    __DSB();
    for (;;)
        __WFI();
}

int main(void)
{
    console();
    RCC->APB1ENR |= RCC_APB1ENR_PWREN;
    (void)RCC->APB1ENR;
    PWR->CR |= PWR_CR_DBP;
    RCC->CSR |= RCC_CSR_LSION;
    while (!(RCC->CSR & RCC_CSR_LSIRDY)) { }
    if (PWR->CSR & PWR_CSR_SBF) {
        PWR->CR |= PWR_CR_CSBF;
        RTC->BKP0R++;
        printf("awake %lu, WUF %lu\n", RTC->BKP0R, PWR->CSR & PWR_CSR_WUF);
    } else {
        printf("cold start\n");
        timer_on();
    }
    while (!(USART2->SR & USART_SR_TC)) { }
    standby();
}
