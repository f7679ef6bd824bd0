/* Independent watchdog of about 32 ms, fed from the main loop only while a heartbeat from the ISR is seen. */
#include "stm32f4xx.h"

static volatile uint32_t heartbeat;
volatile uint32_t feeds;

void SysTick_Handler(void)
{
    heartbeat = 1;
}

static void iwdg_start(void)
{
    IWDG->KR = 0xCCCC;                        /* start; this also turns the LSI on */
    IWDG->KR = 0x5555;                        /* unlock PR and RLR */
    IWDG->PR = 1;                             /* LSI 32 kHz / 8 */
    IWDG->RLR = 31;                          /* 128 / 4 kHz = 32 ms */
    while (IWDG->SR != 0) { }
    IWDG->KR = 0xAAAA;
}

int main(void)
{
    SysTick_Config(SystemCoreClock / 100u);
    iwdg_start();
    for (;;) {
        __WFI();
        if (heartbeat) {
            heartbeat = 0;
            IWDG->KR = 0xAAAA;
            feeds++;
        }
    }
}
