/* HSE on MCO1 (PA8, AF0), divided by 4: 2 MHz. The port is then locked against changes. */
#include "stm32f4xx.h"

volatile uint32_t locked, moder_after;

int main(void)
{
    RCC->CR |= RCC_CR_HSEON;
    while (!(RCC->CR & RCC_CR_HSERDY)) { }
    RCC->CFGR |= RCC_CFGR_MCO1_1 | RCC_CFGR_MCO1PRE_2 | RCC_CFGR_MCO1PRE_1;

    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOAEN;
    GPIOA->OSPEEDR |= 3u << 16;
    GPIOA->AFR[1] &= ~0xFu;
    GPIOA->MODER = (GPIOA->MODER & ~(3u << 16)) | (2u << 16);

    GPIOA->LCKR = GPIO_LCKR_LCKK | (1u << 8);
    GPIOA->LCKR = 1u << 8;
    GPIOA->LCKR = GPIO_LCKR_LCKK | (1u << 8);
    (void)GPIOA->LCKR;
    locked = (GPIOA->LCKR & GPIO_LCKR_LCKK) != 0;
    moder_after = GPIOA->MODER >> 16 & 3u;
    for (;;)
        __WFI();
}
