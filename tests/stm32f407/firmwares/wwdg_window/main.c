/* Window watchdog at PCLK1 = 16 MHz: one tick is 4096 / 16 MHz = 256 us. From 0x7F it may be refreshed after
 * (0x7F - 0x50) ticks = 12.0 ms and must be before 64 ticks = 16.4 ms. SysTick refreshes at 14 ms five times,
 * then the early wake-up interrupt at 0x40 takes over. */
#include "stm32f4xx.h"

#define WWDG_START  0x7Fu
#define WWDG_WINDOW 0x50u

volatile uint32_t timed_refreshes, early_refreshes;
static volatile uint32_t ms;

void SysTick_Handler(void)
{
    if (++ms >= 14u) {
        ms = 0;
        if (timed_refreshes < 5u) {
            WWDG->CR = WWDG_START;
            timed_refreshes++;
        }
    }
}

void WWDG_IRQHandler(void)
{
    WWDG->SR = 0;
    WWDG->CR = WWDG_START;
    early_refreshes++;
}

int main(void)
{
    RCC->APB1ENR |= RCC_APB1ENR_WWDGEN;
    SysTick_Config(16000000u / 1000u);
    WWDG->SR = 0;
    WWDG->CFR = WWDG_CFR_EWI | WWDG_WINDOW;
    NVIC_EnableIRQ(WWDG_IRQn);
    ms = 0;
    WWDG->CR = WWDG_CR_WDGA | WWDG_START;
    for (;;)
        __WFI();
}
