// clock_banner
/* TIM6 for the pace, everything by hand, text without the library */
#include "stm32f407xx.h"

#define SET(reg, bits)   ((reg) |= (bits))
#define WAIT(cond)       do { } while (!(cond))

static void send(const char *s)
{
    while (*s) {
        WAIT(USART2->SR & USART_SR_TXE);
        USART2->DR = (unsigned char)*s++;
    }
}

int main(void)
{
    SET(RCC->APB1ENR, RCC_APB1ENR_PWREN);
    SET(PWR->CR, PWR_CR_VOS);
    SET(RCC->CR, RCC_CR_HSEON);
    WAIT(RCC->CR & RCC_CR_HSERDY);
    SET(FLASH->ACR, FLASH_ACR_LATENCY_5WS);
    SET(RCC->CFGR, RCC_CFGR_PPRE1_DIV4 | RCC_CFGR_PPRE2_DIV2);
    RCC->PLLCFGR = 4u | (168u << 6) | RCC_PLLCFGR_PLLSRC | (7u << 24);
    SET(RCC->CR, RCC_CR_PLLON);
    WAIT(RCC->CR & RCC_CR_PLLRDY);
    SET(RCC->CFGR, 2u);
    WAIT((RCC->CFGR & 0xCu) == 8u);

    SET(RCC->AHB1ENR, 1u);
    SET(RCC->APB1ENR, RCC_APB1ENR_USART2EN | RCC_APB1ENR_TIM6EN);
    SET(GPIOA->AFR[0], 0x700u);
    SET(GPIOA->MODER, 0x20u);
    USART2->BRR = (22u << 4) | 13u;      /* 42 MHz / (16 * 115200) = 22.79 */
    USART2->CR1 = USART_CR1_UE | USART_CR1_TE;

    TIM6->PSC = 8400 - 1;                /* 84 MHz -> 10 kHz */
    TIM6->ARR = 100 - 1;
    TIM6->EGR = 1;
    TIM6->SR = 0;
    TIM6->DIER = 1;
    NVIC_EnableIRQ(TIM6_DAC_IRQn);
    TIM6->CR1 = 1;
    for (;;)
        __WFI();
}

void TIM6_DAC_IRQHandler(void)
{
    static char text[] = "tick 0\r\n";
    TIM6->SR = 0;
    text[5]++;
    send(text);
    if (text[5] == '5')
        TIM6->CR1 = 0;
}
