/* TIM3 triggers ADC1 at 1 kHz through TRGO; the end-of-conversion interrupt keeps a running maximum and minimum. */
#include "stm32f4xx.h"

volatile uint32_t conversions;
volatile uint16_t lowest = 0xFFFF, highest;

void ADC_IRQHandler(void)
{
    if (ADC1->SR & ADC_SR_EOC) {
        uint16_t value = (uint16_t)ADC1->DR;   /* clears EOC */
        conversions++;
        if (value < lowest)
            lowest = value;
        if (value > highest)
            highest = value;
    }
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOCEN;
    RCC->APB1ENR |= RCC_APB1ENR_TIM3EN;
    RCC->APB2ENR |= RCC_APB2ENR_ADC1EN;

    GPIOC->MODER |= GPIO_MODER_MODER2;         /* PC2 is channel 12 */

    ADC1->SMPR1 = 3u << ADC_SMPR1_SMP12_Pos;
    ADC1->SQR3 = 12u;
    ADC1->CR1 = ADC_CR1_EOCIE;
    ADC1->CR2 = ADC_CR2_ADON | ADC_CR2_EXTEN_0 | (8u << ADC_CR2_EXTSEL_Pos);   /* rising edge of TIM3_TRGO */
    NVIC_EnableIRQ(ADC_IRQn);

    TIM3->PSC = 15;
    TIM3->ARR = 999;
    TIM3->CR2 = TIM_CR2_MMS_1;                 /* update event is TRGO */
    TIM3->CR1 = TIM_CR1_CEN;
    for (;;)
        __WFI();
}
