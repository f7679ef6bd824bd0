// adc_millivolts
/* TIM2 triggers the conversion through TRGO, the ADC interrupt reports */
#include <stdio.h>
#include "stm32f4xx.h"

volatile uint32_t last_mv;
static volatile int done;

void ADC_IRQHandler(void)
{
    last_mv = (ADC1->DR * 3300u + 2047u) / 4095u;
    done = 1;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    RCC->APB1ENR |= RCC_APB1ENR_USART2EN | RCC_APB1ENR_TIM2EN;
    RCC->APB2ENR |= RCC_APB2ENR_ADC1EN;
    GPIOA->MODER |= (3u << 2) | (2u << 4);
    GPIOA->AFR[0] |= 0x700;
    USART2->BRR = 139;
    USART2->CR1 = USART_CR1_UE | USART_CR1_TE;

    ADC1->SMPR2 = 7u << 3;
    ADC1->SQR3 = 1;
    ADC1->CR1 = ADC_CR1_EOCIE;
    ADC1->CR2 = ADC_CR2_ADON | (1u << ADC_CR2_EXTEN_Pos) | (6u << ADC_CR2_EXTSEL_Pos);
    NVIC_EnableIRQ(ADC_IRQn);
    TIM2->PSC = 159;
    TIM2->ARR = 999;
    TIM2->CR2 = 2u << TIM_CR2_MMS_Pos;
    TIM2->EGR = TIM_EGR_UG;
    TIM2->CR1 = TIM_CR1_CEN;
    for (int i = 0; i < 5; i++) {
        while (!done)
            __WFE();
        done = 0;
        printf("%lu mV\n", (unsigned long)last_mv);
    }
    TIM2->CR1 = 0;
    for (;;)
        __WFI();
}
