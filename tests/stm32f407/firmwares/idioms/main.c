/* Ways of writing registers that are common and right, though they look doubtful: none deserves a complaint. */
#include <string.h>
#include "stm32f4xx.h"

volatile uint32_t ran, fast_ran;

static void (*volatile hook)(void);

/* runs from SRAM */
__attribute__((section(".RamFunc"), noinline, long_call)) static void fast_code(void)
{
    fast_ran += 1u;
}

void TIM3_IRQHandler(void)
{
    TIM3->SR &= ~TIM_SR_UIF;
    ran++;
}

void EXTI4_IRQHandler(void)
{
    EXTI->PR |= EXTI_PR_PR4;                    /* the only line in use */
    ran++;
}

int main(void)
{
    RCC->AHB1ENR |= 0x1F | RCC_AHB1ENR_DMA1EN;
    RCC->APB1ENR |= RCC_APB1ENR_TIM3EN | RCC_APB1ENR_USART2EN | RCC_APB1ENR_I2C1EN;
    RCC->APB2ENR |= RCC_APB2ENR_SYSCFGEN | RCC_APB2ENR_ADC1EN;
    RCC->APB1RSTR |= RCC_APB1RSTR_TIM3RST;
    RCC->APB1RSTR &= ~RCC_APB1RSTR_TIM3RST;

    GPIOD->BSRR |= 1u << 5;                     /* reads as 0 */
    GPIOD->ODR |= 1u << 6;
    GPIOD->MODER |= 0x1400;
    GPIOA->MODER |= 2u << 4;
    GPIOA->AFR[0] |= 7u << 8;

    USART2->BRR = 139;
    USART2->CR1 |= USART_CR1_UE;
    USART2->CR1 |= USART_CR1_TE | USART_CR1_RE;  /* RX pin not set up: nobody listens */
    USART2->SR &= ~(USART_SR_RXNE | USART_SR_TC);
    USART2->DR = 'k';
    while (!(USART2->SR & USART_SR_TC)) { }

    ADC1->SR = 0;
    ADC1->CR2 |= ADC_CR2_ADON;
    DMA1->LIFCR |= 0x3Du;
    DMA1->HIFCR = 0xFFFFFFFFu & 0x0F7D0F7Du;
    I2C1->CR1 |= I2C_CR1_SWRST;
    I2C1->CR1 &= ~I2C_CR1_SWRST;
    I2C1->SR1 &= ~I2C_SR1_AF;

    TIM3->PSC = 15;
    TIM3->ARR = 99;
    TIM3->CR1 |= TIM_CR1_OPM;
    TIM3->EGR |= TIM_EGR_UG;
    TIM3->SR = 0;
    TIM3->DIER |= TIM_DIER_UIE;
    NVIC->ISER[TIM3_IRQn >> 5] |= 1u << (TIM3_IRQn & 31);
    NVIC->IP[TIM3_IRQn] = 0x30;
    TIM3->CR1 |= TIM_CR1_CEN;
    while (!ran) { }

    SYSCFG->EXTICR[1] |= SYSCFG_EXTICR2_EXTI4_PE;
    EXTI->IMR |= EXTI_IMR_MR4;
    NVIC_EnableIRQ(EXTI4_IRQn);
    EXTI->SWIER |= EXTI_SWIER_SWIER4;           /* by software */
    while (ran < 2u) { }

    hook = fast_code;
    hook();
    fast_code();
    TIM3->ARR = 49;                             /* while it is set up but stopped; then on the fly */
    TIM3->CR1 |= TIM_CR1_CEN;
    TIM3->ARR = 59;
    while (ran < 3u) { }
    for (;;) {
    }
}
