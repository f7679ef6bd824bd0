/* One conversion of channel 1 (PA1), polled, converted to millivolts and printed. */
#include <stdio.h>
#include "stm32f4xx.h"

static void console(void)
{
    RCC->APB1ENR |= RCC_APB1ENR_USART2EN;
    GPIOA->AFR[0] |= 0x700u;
    GPIOA->MODER |= GPIO_MODER_MODER2_1;
    USART2->BRR = 0x8B;
    USART2->CR1 = USART_CR1_UE | USART_CR1_TE;
}

static uint32_t convert(uint32_t channel)
{
    ADC1->SQR1 = 0;                          /* one conversion in the sequence */
    ADC1->SQR3 = channel;
    ADC1->CR2 |= ADC_CR2_SWSTART;
    while (!(ADC1->SR & ADC_SR_EOC)) {
    }
    return ADC1->DR;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    RCC->APB2ENR |= RCC_APB2ENR_ADC1EN;
    GPIOA->MODER |= GPIO_MODER_MODER1;       /* analog */
    console();

    ADC1->SMPR2 = ADC_SMPR2_SMP1_2;          /* 84 cycles */
    ADC1->CR2 = ADC_CR2_ADON;
    for (volatile int i = 0; i < 50; i++) {  /* tSTAB is 3 us at most */
    }

    for (int i = 0; i < 3; i++) {
        uint32_t raw = convert(1);
        printf("raw %lu = %lu mV\n", (unsigned long)raw, (unsigned long)((raw * 3300u + 2047u) / 4095u));
        for (volatile int wait = 0; wait < 20000; wait++) {
        }
    }
    for (;;)
        __WFI();
}
