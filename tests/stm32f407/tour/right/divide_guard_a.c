// divide_guard
#include <stdio.h>
#include "stm32f4xx.h"

volatile uint32_t trapped, total;
static volatile const int divisors[] = {5, 0, 8, 0, 0, 2};

__attribute__((used)) void usage(uint32_t *frame)
{
    SCB->CFSR = SCB_CFSR_DIVBYZERO_Msk;
    trapped++;
    frame[6] += 4;                   /* SDIV is a 32 bit instruction */
}

__attribute__((naked)) void UsageFault_Handler(void)
{
    __asm volatile("mrs r0, msp\n b usage");
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    RCC->APB1ENR |= RCC_APB1ENR_USART2EN;
    GPIOA->AFR[0] |= 7u << 8;
    GPIOA->MODER |= 2u << 4;
    USART2->BRR = 139;
    USART2->CR1 = USART_CR1_UE | USART_CR1_TE;
    SCB->SHCSR |= SCB_SHCSR_USGFAULTENA_Msk;
    SCB->CCR |= SCB_CCR_DIV_0_TRP_Msk;
    for (unsigned i = 0; i < 6; i++) {
        int divisor = divisors[i];
        uint32_t before = trapped;
        int quotient = 0;
        __asm volatile("sdiv %0, %1, %2" : "+r"(quotient) : "r"(1000), "r"(divisor));
        if (trapped == before)
            total += (uint32_t)quotient;
    }
    printf("trapped=%lu total=%lu\n", (unsigned long)trapped, (unsigned long)total);
    for (;;)
        __WFI();
}
