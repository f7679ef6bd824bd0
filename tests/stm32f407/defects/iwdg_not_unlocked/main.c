/* A deliberate hang after a cold start; the watchdog resets the chip, and the second start tells why. */
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
    printf("reset:%s%s%s\n", cause & RCC_CSR_PORRSTF ? " power" : "", cause & RCC_CSR_IWDGRSTF ? " watchdog" : "",
           cause & RCC_CSR_SFTRSTF ? " software" : "");
    while (!(USART2->SR & USART_SR_TC)) { }

    if (cause & RCC_CSR_IWDGRSTF) {
        printf("recovered\n");
        for (;;)
            __WFI();
    }
    IWDG->PR = 0;
    IWDG->RLR = 79;                    /* 80 * 4 / 32 kHz = 10 ms */
    IWDG->KR = 0xAAAA;
    IWDG->KR = 0xCCCC;
    for (;;) {
        /* the hang */
    }
}
