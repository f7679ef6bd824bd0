/* The same where misuse is only told: the handler still answers what it receives. */
#include "stm32f4xx.h"

void USART2_IRQHandler(void)
{
    if (USART2->SR & USART_SR_RXNE)
        USART2->DR = USART2->DR;
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    RCC->APB1ENR |= RCC_APB1ENR_USART2EN;
    (void)RCC->APB1ENR;
    GPIOA->AFR[0] |= 0x7700;
    GPIOA->MODER |= GPIO_MODER_MODER2_1 | GPIO_MODER_MODER3_1;
    USART2->BRR = 16000000 / 9600;
    USART2->CR1 = USART_CR1_UE | USART_CR1_TE | USART_CR1_RE | USART_CR1_RXNEIE | USART_CR1_TXEIE;
    NVIC_EnableIRQ(USART2_IRQn);
    for (;;) {
    }
}
