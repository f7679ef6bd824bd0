/* The process gets its code but no region for its stack: its first push is refused. */
#include "stm32f4xx.h"

static uint32_t stack[128] __attribute__((aligned(512)));
volatile uint32_t result;

__attribute__((noinline)) static uint32_t work(uint32_t n)
{
    volatile uint32_t part = n;
    return part * 3u;
}

__attribute__((noinline)) static void process(void)
{
    (void)work(5);
    for (;;) {
    }
}

int main(void)
{
    MPU->RBAR = 0x08000000 | MPU_RBAR_VALID_Msk | 0u;
    MPU->RASR = (6u << MPU_RASR_AP_Pos) | (19u << MPU_RASR_SIZE_Pos) | MPU_RASR_ENABLE_Msk;
    MPU->CTRL = MPU_CTRL_PRIVDEFENA_Msk | MPU_CTRL_ENABLE_Msk;
    __DSB();
    __ISB();
    __set_PSP((uint32_t)(stack + 128));
    __set_CONTROL(3);
    __ISB();
    process();
}
