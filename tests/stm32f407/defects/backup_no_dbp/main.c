/* A boot counter in the backup registers outlives resets by software; everything else begins anew. */
#include <stdio.h>
#include "stm32f4xx.h"

#define MAGIC 0xB007C047u

static uint32_t in_ram;

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
    console();
    RCC->APB1ENR |= RCC_APB1ENR_PWREN;
    (void)RCC->APB1ENR;
    printf("locked: %s, ", PWR->CR & PWR_CR_DBP ? "no" : "yes");
    if (RTC->BKP0R != MAGIC) {
        RTC->BKP0R = MAGIC;
        RTC->BKP1R = 0;
        RTC->BKP19R = 0x12345678;
    }
    RTC->BKP1R++;
    in_ram++;
    printf("boot %lu, %lx, ram %lu\n", RTC->BKP1R, RTC->BKP19R, in_ram);
    while (!(USART2->SR & USART_SR_TC)) { }
    if (RTC->BKP1R < 3)
        NVIC_SystemReset();
    RCC->BDCR |= RCC_BDCR_BDRST;
    RCC->BDCR &= ~RCC_BDCR_BDRST;
    printf("after the reset of the domain: %lx %lx %lx\n", RTC->BKP0R, RTC->BKP1R, RTC->BKP19R);
    for (;;)
        __WFI();
}
