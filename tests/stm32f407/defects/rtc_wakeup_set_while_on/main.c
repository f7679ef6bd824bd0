/* The wake-up timer at RTCCLK / 16 = 2 kHz drives a lamp: 50 counts are 25 ms. After ten of them it is set to 10 ms. */
#include "stm32f4xx.h"

volatile uint32_t wakes;

static void every(uint32_t counts)
{
    RTC->WPR = 0xCA;
    RTC->WPR = 0x53;
    RTC->WUTR = counts - 1;
    RTC->CR &= ~RTC_CR_WUCKSEL;
    RTC->CR |= RTC_CR_WUTIE | RTC_CR_WUTE;
    RTC->WPR = 0;
}

void RTC_WKUP_IRQHandler(void)
{
    RTC->ISR &= ~RTC_ISR_WUTF;
    EXTI->PR = EXTI_PR_PR22;
    GPIOD->ODR ^= GPIO_ODR_OD12;
    if (++wakes == 10)
        every(20);
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIODEN;
    RCC->APB1ENR |= RCC_APB1ENR_PWREN;
    (void)RCC->APB1ENR;
    GPIOD->MODER |= 1u << 24;
    PWR->CR |= PWR_CR_DBP;
    RCC->CSR |= RCC_CSR_LSION;
    while (!(RCC->CSR & RCC_CSR_LSIRDY)) { }
    RCC->BDCR = (RCC->BDCR & ~RCC_BDCR_RTCSEL) | RCC_BDCR_RTCSEL_1 | RCC_BDCR_RTCEN;

    EXTI->IMR |= EXTI_IMR_MR22;
    EXTI->RTSR |= EXTI_RTSR_TR22;
    NVIC_SetPriority(RTC_WKUP_IRQn, 3);
    NVIC_EnableIRQ(RTC_WKUP_IRQn);
    every(50);
    for (;;)
        __WFI();
}
