/* USART6 on PC6/PC7: 9 bit frames (8 data + even parity), two stop bits, 8-fold oversampling at 1 Mbaud, 84 MHz. */
#include "stm32f4xx.h"

volatile uint32_t parity_errors, framing_errors, good;
static char answer[64];

static void clock_up(void)
{
    RCC->CR |= RCC_CR_HSEON;
    do { } while (!(RCC->CR & RCC_CR_HSERDY));
    FLASH->ACR = FLASH_ACR_LATENCY_2WS | FLASH_ACR_PRFTEN | FLASH_ACR_ICEN | FLASH_ACR_DCEN;
    /* 8 / 4 * 168 / 4 = 84 MHz; APB1 half of it */
    RCC->PLLCFGR = RCC_PLLCFGR_PLLSRC_HSE | (7u << 24) | (1u << 16) | (168u << 6) | 4u;
    RCC->CR |= RCC_CR_PLLON;
    do { } while (!(RCC->CR & RCC_CR_PLLRDY));
    RCC->CFGR = RCC_CFGR_PPRE1_DIV2 | RCC_CFGR_SW_PLL;
    do { } while ((RCC->CFGR & RCC_CFGR_SWS) != RCC_CFGR_SWS_PLL);
}

/* OVER8: mantissa in [15:4], three bits of fraction (RM0090 30.3.4) */
static uint32_t brr_over8(uint32_t pclk, uint32_t baud)
{
    uint32_t divider = (2u * pclk + baud / 2u) / baud;
    return (divider & ~0xFu) | ((divider & 0xFu) >> 1);
}

int main(void)
{
    uint32_t n = 0;
    clock_up();
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOCEN;
    RCC->APB2ENR |= RCC_APB2ENR_USART6EN;
    GPIOC->AFR[0] |= (8u << 24) | (8u << 28);
    GPIOC->OSPEEDR |= 3u << 12;
    GPIOC->MODER |= (2u << 12) | (2u << 14);

    USART6->CR1 = USART_CR1_OVER8 | USART_CR1_M | USART_CR1_PCE;
    USART6->CR2 = USART_CR2_STOP_1;
    USART6->BRR = brr_over8(84000000u, 1000000u);
    USART6->CR1 |= USART_CR1_UE | USART_CR1_TE | USART_CR1_RE;

    while (n < 12) {
        uint32_t sr = USART6->SR;
        if (!(sr & USART_SR_RXNE))
            continue;
        char c = (char)(USART6->DR & 0xFF);
        if (sr & USART_SR_PE)
            parity_errors++;
        else if (sr & USART_SR_FE)
            framing_errors++;
        else
            good++;
        answer[n++] = (char)(c ^ 0x20);
    }
    for (uint32_t i = 0; i < n; i++) {
        while (!(USART6->SR & USART_SR_TXE)) { }
        USART6->DR = (uint8_t)answer[i];
    }
    for (;;) { }
}
