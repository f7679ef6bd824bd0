/* Single bits through the bit-band aliases: SRAM flags set from an interrupt, an output pin and a status bit. */
#include "stm32f4xx.h"

#define BITBAND(address, bit) \
    (*(volatile uint32_t *)(((uint32_t)(address) & 0xF0000000u) + 0x02000000u + (((uint32_t)(address) & 0xFFFFFu) << 5) + ((uint32_t)(bit) << 2)))

#define LED       BITBAND(&GPIOD->ODR, 15)
#define TIM3_UIF  BITBAND(&TIM3->SR, 0)

volatile uint32_t flags;
volatile uint32_t read_back;
volatile uint32_t overflows;

int main(void)
{
    BITBAND(&RCC->AHB1ENR, 3) = 1;        /* GPIOD */
    BITBAND(&RCC->APB1ENR, 1) = 1;        /* TIM3 */
    GPIOD->MODER |= GPIO_MODER_MODER15_0;

    flags = 0x80000000u;
    BITBAND(&flags, 4) = 1;
    BITBAND(&flags, 31) = 0;
    BITBAND(&flags, 0) = 0xFFu;           /* only bit 0 of the value counts */
    BITBAND(&flags, 1) = 0xFEu;
    read_back = BITBAND(&flags, 4) * 10u + BITBAND(&flags, 5);

    TIM3->PSC = 15;
    TIM3->ARR = 499;
    TIM3->EGR = 1;
    TIM3_UIF = 0;
    BITBAND(&TIM3->CR1, 0) = 1;
    for (;;) {
        while (!TIM3_UIF) {
        }
        TIM3_UIF = 0;
        overflows++;
        LED = overflows & 1u;
    }
}
