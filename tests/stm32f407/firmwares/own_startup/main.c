/* Uses no header at all: the three registers it needs are addressed directly. */
#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))
#define RCC_AHB1ENR  REG(0x40023830u)
#define GPIOC_MODER  REG(0x40020800u)
#define GPIOC_BSRR   REG(0x40020818u)
#define STK_CTRL     REG(0xE000E010u)
#define STK_LOAD     REG(0xE000E014u)
#define STK_VAL      REG(0xE000E018u)

volatile uint32_t initialised = 0x600DF00Cu;
volatile uint32_t ticks;

void SysTick_Handler(void)
{
    ticks++;
}

int main(void)
{
    initialised++;
    RCC_AHB1ENR |= 1u << 2;
    GPIOC_MODER |= 1u << 26;
    STK_LOAD = 16000u - 1u;
    STK_VAL = 0;
    STK_CTRL = 7u;
    for (;;) {
        uint32_t phase = ticks % 8u;
        GPIOC_BSRR = phase < 2u ? 1u << 13 : 1u << 29;
    }
}
