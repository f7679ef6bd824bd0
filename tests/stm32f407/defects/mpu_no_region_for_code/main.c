/* The MPU is switched on with a region for RAM, without PRIVDEFENA: nothing lets the code itself be fetched. */
#include "stm32f4xx.h"

volatile uint32_t passed;

int main(void)
{
    MPU->RBAR = 0x20000000 | MPU_RBAR_VALID_Msk | 0u;
    MPU->RASR = MPU_RASR_XN_Msk | (3u << MPU_RASR_AP_Pos) | (16u << MPU_RASR_SIZE_Pos) | MPU_RASR_ENABLE_Msk;
    MPU->CTRL = MPU_CTRL_ENABLE_Msk;
    __DSB();
    __ISB();
    passed = 1;
    for (;;) {
    }
}
