/* Standby mode that a rising edge at the WKUP pin (PA0) ends. A word in RAM is lost, one in a backup register is not. */
#include <stdio.h>
#include "stm32f4xx.h"

__attribute__((section(".noinit"))) uint32_t in_ram;

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
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIODEN;
    RCC->APB1ENR |= RCC_APB1ENR_PWREN;
    (void)RCC->APB1ENR;
    GPIOD->MODER |= 1u << 26;
    GPIOD->BSRR = GPIO_BSRR_BS13;            /* awake */
    PWR->CR |= PWR_CR_DBP;
    if (PWR->CSR & PWR_CSR_SBF) {
        printf("woken: WUF %lu, pin %lu, backup %lx, ram %s\n", PWR->CSR & PWR_CSR_WUF, PWR->CSR >> 8 & 1, RTC->BKP5R,
               in_ram == 0xCAFE ? "kept" : "lost");
        PWR->CR |= PWR_CR_CSBF | PWR_CR_CWUF;
        for (;;)
            __WFI();
    }
    in_ram = 0xCAFE;
    RTC->BKP5R = 0xBEEF;
    printf("good night\n");
    while (!(USART2->SR & USART_SR_TC)) { }
    PWR->CR |= PWR_CR_CWUF;
    PWR->CR |= PWR_CR_PDDS;
    SCB->SCR |= SCB_SCR_SLEEPDEEP_Msk;
    __DSB();
    __WFI();
    printf("never here\n");
    for (;;) { }
}
