/* The compare event of TIM2 channel 2 starts ADC1. CC2E is needed for the event; no pin is, and none is set up. */
#include "stm32f4xx.h"

volatile uint32_t conversions, last;

void ADC_IRQHandler(void)
{
    ADC1->SR = ~ADC_SR_EOC;
    last = ADC1->DR;
    conversions++;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOBEN;
    RCC->APB1ENR |= RCC_APB1ENR_TIM2EN;
    RCC->APB2ENR |= RCC_APB2ENR_ADC1EN;
    GPIOB->MODER |= GPIO_MODER_MODER1;             /* PB1 = channel 9 */

    ADC1->SMPR2 = 3u << ADC_SMPR2_SMP9_Pos;
    ADC1->SQR3 = 9;
    ADC1->CR1 = ADC_CR1_EOCIE;
    ADC1->CR2 = ADC_CR2_ADON | ADC_CR2_EXTEN_0 | (3u << ADC_CR2_EXTSEL_Pos);   /* TIM2_CC2, rising */
    NVIC_EnableIRQ(ADC_IRQn);

    TIM2->PSC = 15;
    TIM2->ARR = 1999;
    TIM2->CCR2 = 1000;
    TIM2->CCMR1 = 7u << TIM_CCMR1_OC2M_Pos;        /* OC2REF rises at the compare value */
    TIM2->CCER = TIM_CCER_CC2E;
    TIM2->EGR = TIM_EGR_UG;
    TIM2->CR1 = TIM_CR1_CEN;
    for (;;)
        __WFI();
}
