#include "stm32f4xx_serial.h"

void serial_init(USART_TypeDef *port, uint32_t rate)
{
    if (port == UART7 || port == UART8)
        return; /* not on this chip */
    RCC->APB1ENR |= RCC_APB1ENR_USART2EN;
    (void)RCC->APB1ENR;
    port->BRR = (uint16_t)((HSI_VALUE + rate / 2) / rate);
    port->CR1 = USART_CR1_UE | USART_CR1_TE;
}

void serial_put(USART_TypeDef *port, const char *text)
{
    while (*text) {
        while ((port->SR & USART_SR_TXE) == (uint16_t)RESET)
            ;
        port->DR = *text++;
    }
    while ((port->SR & USART_SR_TC) == (uint16_t)RESET)
        ;
}

void clocks_of_other_chips(void)
{
    RCC->DCKCFGR &= ~RCC_DCKCFGR_PLLSAIDIVR;
    I2C1->FLTR &= (uint16_t)~I2C_FLTR_ANOFF;
    PWR->CR |= PWR_CR_UDEN;
}
