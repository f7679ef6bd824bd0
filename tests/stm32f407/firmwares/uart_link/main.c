/* Two ports of the chip wired together: USART2 sends at 1 Mbaud, UART4 receives by interrupt and answers the checksum. */
#include "stm32f4xx.h"

volatile uint32_t received, checksum, answer;

void UART4_IRQHandler(void)
{
    if (UART4->SR & USART_SR_RXNE) {
        checksum += UART4->DR;
        received++;
    }
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN | RCC_AHB1ENR_GPIOCEN;
    RCC->APB1ENR |= RCC_APB1ENR_USART2EN | RCC_APB1ENR_UART4EN;
    GPIOA->AFR[0] |= (7u << 8) | (7u << 12);            /* PA2, PA3: USART2 */
    GPIOA->PUPDR |= 1u << 6;
    GPIOA->MODER |= 0xAu << 4;
    GPIOC->AFR[1] |= (8u << 8) | (8u << 12);            /* PC10, PC11: UART4 */
    GPIOC->PUPDR |= 1u << 22;
    GPIOC->MODER |= 0xAu << 20;

    USART2->BRR = UART4->BRR = 16;
    USART2->CR1 = USART_CR1_UE | USART_CR1_TE | USART_CR1_RE;
    UART4->CR1 = USART_CR1_UE | USART_CR1_TE | USART_CR1_RE | USART_CR1_RXNEIE;
    NVIC_EnableIRQ(UART4_IRQn);

    for (uint32_t i = 0; i < 100u; i++) {
        while (!(USART2->SR & USART_SR_TXE)) { }
        USART2->DR = i;
    }
    while (received < 100u) { }
    UART4->DR = checksum & 0xFFu;
    while (!(USART2->SR & USART_SR_RXNE)) { }
    answer = USART2->DR;
    for (;;)
        __WFI();
}
