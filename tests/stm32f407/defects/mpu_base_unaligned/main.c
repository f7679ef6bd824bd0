/* A region of 1 KB begins at a multiple of 256 only. */
#include "stm32f4xx.h"

static uint32_t memory[512] __attribute__((aligned(1024)));
volatile uint32_t passed;

int main(void)
{
    MPU->RNR = 0;
    MPU->RBAR = (uint32_t)(memory + 64);
    MPU->RASR = MPU_RASR_XN_Msk | (6u << MPU_RASR_AP_Pos) | (9u << MPU_RASR_SIZE_Pos) | MPU_RASR_ENABLE_Msk;
    MPU->CTRL = MPU_CTRL_PRIVDEFENA_Msk | MPU_CTRL_ENABLE_Msk;
    __DSB();
    __ISB();
    ((volatile uint32_t *)memory)[400] = 1;
    passed = 1;
    for (;;) {
    }
}
