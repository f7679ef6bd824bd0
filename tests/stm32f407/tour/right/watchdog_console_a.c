// watchdog_console
#include <stdio.h>
#include "stm32f4xx.h"

int main(void)
{
    uint32_t csr = RCC->CSR;
    RCC->CSR |= RCC_CSR_RMVF;
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    RCC->APB1ENR |= RCC_APB1ENR_USART2EN;
    GPIOA->AFR[0] |= 0x7700u;
    GPIOA->PUPDR |= 1u << 6;
    GPIOA->MODER |= 0xA0u;
    USART2->BRR = 139;
    USART2->CR1 = USART_CR1_UE | USART_CR1_TE | USART_CR1_RE;

    IWDG->KR = 0x5555;
    IWDG->PR = 1;                    /* 4 kHz */
    IWDG->RLR = 199;                 /* 50 ms */
    IWDG->KR = 0xAAAA;
    IWDG->KR = 0xCCCC;
    printf("cause: %s\n", csr & RCC_CSR_IWDGRSTF ? "iwdg" : "power");
    for (;;) {
        IWDG->KR = 0xAAAA;
        if ((USART2->SR & USART_SR_RXNE) && (USART2->DR & 0xFF) == 'h')
            for (;;) { }
    }
}
