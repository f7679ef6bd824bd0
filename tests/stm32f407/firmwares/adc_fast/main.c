/* ADC2 at 21 MHz from a 168 MHz core: eight readings by software trigger are averaged, the ADC interrupt takes each one. */
#include "stm32f4xx.h"

#define READINGS 8u

static volatile uint32_t taken;
static volatile uint32_t total;
volatile uint32_t average;

void ADC_IRQHandler(void)
{
    if (ADC2->SR & ADC_SR_EOC) {
        total += ADC2->DR;
        if (++taken < READINGS)
            ADC2->CR2 |= ADC_CR2_SWSTART;
    }
}

static void wait_set(volatile uint32_t *reg, uint32_t mask, uint32_t value)
{
    while ((*reg & mask) != value)
        ;
}

static void clock(void)
{
    RCC->CR |= RCC_CR_HSEON;
    wait_set(&RCC->CR, RCC_CR_HSERDY, RCC_CR_HSERDY);
    FLASH->ACR = FLASH_ACR_LATENCY_5WS;
    wait_set(&FLASH->ACR, FLASH_ACR_LATENCY, FLASH_ACR_LATENCY_5WS);
    RCC->PLLCFGR = RCC_PLLCFGR_PLLSRC_HSE | (7u << 24) | (336u << 6) | 8u;
    RCC->CFGR = (5u << RCC_CFGR_PPRE1_Pos) | (4u << RCC_CFGR_PPRE2_Pos);
    RCC->CR |= RCC_CR_PLLON;
    wait_set(&RCC->CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY);
    RCC->CFGR |= RCC_CFGR_SW_PLL;
    wait_set(&RCC->CFGR, RCC_CFGR_SWS, RCC_CFGR_SWS_PLL);
}

int main(void)
{
    clock();
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOCEN;
    RCC->APB2ENR |= RCC_APB2ENR_ADC2EN;
    GPIOC->MODER |= 3u << 2;                       /* PC1 = channel 11 */

    ADC123_COMMON->CCR = ADC_CCR_ADCPRE_0;         /* 84 MHz / 4 */
    ADC2->SMPR1 = 4u << ADC_SMPR1_SMP11_Pos;
    ADC2->SQR3 = 11;
    ADC2->CR1 = ADC_CR1_EOCIE;
    ADC2->CR2 = ADC_CR2_ADON;
    for (volatile int i = 0; i < 200; i++)
        ;
    NVIC_EnableIRQ(ADC_IRQn);
    ADC2->CR2 |= ADC_CR2_SWSTART;
    while (taken < READINGS)
        ;
    average = total / READINGS;
    for (;;)
        __WFI();
}
