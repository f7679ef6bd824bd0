/* The independent watchdog goes on in standby mode and ends it, if nothing else does. The RTC keeps its time. */
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

int main(void)
{
    uint32_t cause = RCC->CSR;
    RCC->CSR |= RCC_CSR_RMVF;
    console();
    RCC->APB1ENR |= RCC_APB1ENR_PWREN;
    (void)RCC->APB1ENR;
    PWR->CR |= PWR_CR_DBP;
    RCC->CSR |= RCC_CSR_LSION;
    while (!(RCC->CSR & RCC_CSR_LSIRDY)) { }
    if (cause & RCC_CSR_IWDGRSTF) {
        RTC->WPR = 0xCA;
        RTC->WPR = 0x53;
        uint32_t time = RTC->TR;
        (void)RTC->DR;
        printf("watchdog, standby %lu, WUF %lu, time %06lx\n", PWR->CSR >> 1 & 1, PWR->CSR & 1, time);
        for (;;)
            __WFI();
    }
    RCC->BDCR |= RCC_BDCR_RTCSEL_1;
    RCC->BDCR |= RCC_BDCR_RTCEN;
    RTC->WPR = 0xCA;
    RTC->WPR = 0x53;
    RTC->ISR |= RTC_ISR_INIT;
    while (!(RTC->ISR & RTC_ISR_INITF)) { }
    RTC->PRER = 249;
    RTC->PRER |= 127u << 16;
    RTC->TR = 0x123456;
    RTC->ISR &= ~RTC_ISR_INIT;
    IWDG->KR = 0x5555;
    IWDG->PR = 6;
    IWDG->RLR = 249;                         /* 250 * 256 / 32 kHz = 2 s */
    while (IWDG->SR) { }
    IWDG->KR = 0xCCCC;
    PWR->CR |= PWR_CR_PDDS | PWR_CR_CWUF;
    SCB->SCR |= SCB_SCR_SLEEPDEEP_Msk;
    for (;;)
        __WFI();
}
