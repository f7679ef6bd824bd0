/* No crystal: the chip stays on its 16 MHz HSI, AHB divided to 8 MHz, and USART3 talks at 9600 baud. */
#include <stdint.h>
#include "stm32f407xx.h"

#define HCLK_HZ   8000000UL
#define BAUD      9600UL

static void putch(char c)
{
    while ((USART3->SR & USART_SR_TXE) == 0)
        ;
    USART3->DR = (uint8_t)c;
}

static void puts_u3(const char *s)
{
    for (; *s; ++s)
        putch(*s);
}

static void put_hex(uint32_t v)
{
    for (int shift = 28; shift >= 0; shift -= 4)
        putch("0123456789abcdef"[(v >> shift) & 15u]);
}

int main(void)
{
    RCC->CFGR |= RCC_CFGR_HPRE_DIV2;            /* 16 MHz / 2, APB prescalers stay at 1 */

    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOBEN;
    RCC->APB1ENR |= RCC_APB1ENR_USART3EN;

    /* PB10 = USART3_TX, AF7 */
    GPIOB->AFR[1] |= 7u << ((10 - 8) * 4);
    GPIOB->MODER  |= 2u << (10 * 2);

    USART3->BRR = (HCLK_HZ + BAUD / 2) / BAUD;
    USART3->CR1 = USART_CR1_TE | USART_CR1_UE;

    puts_u3("hsi cfgr=");
    put_hex(RCC->CFGR);
    puts_u3("\r\n");
    while ((USART3->SR & USART_SR_TC) == 0)
        ;
    puts_u3("done\r\n");
    for (;;)
        __WFI();
}
