// adc_millivolts
#include <stdio.h>
#include "stm32f4xx.h"

volatile uint32_t last_mv;
static volatile uint32_t ms;

void SysTick_Handler(void) { ms++; }

static uint32_t read_mv(void)
{
    ADC1->CR2 |= ADC_CR2_SWSTART;
    while (!(ADC1->SR & ADC_SR_EOC)) { }
    return (ADC1->DR * 3300u + 2047u) / 4095u;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    RCC->APB1ENR |= RCC_APB1ENR_USART2EN;
    RCC->APB2ENR |= RCC_APB2ENR_ADC1EN;
    GPIOA->MODER |= GPIO_MODER_MODER1 | GPIO_MODER_MODER2_1;
    GPIOA->AFR[0] |= 7u << 8;
    USART2->BRR = 139;
    USART2->CR1 = USART_CR1_UE | USART_CR1_TE;
    ADC1->SMPR2 = 4u << ADC_SMPR2_SMP1_Pos;
    ADC1->SQR3 = 1;
    ADC1->CR2 = ADC_CR2_ADON;
    SysTick_Config(16000);
    for (int i = 1; i <= 5; i++) {
        while (ms < (uint32_t)i * 10u)
            __WFI();
        uint32_t mv = read_mv();
        printf("%lu mV\n", (unsigned long)mv);
        last_mv = mv;
    }
    for (;;)
        __WFI();
}
