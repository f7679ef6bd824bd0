/* A region of 16 bytes: SIZE = 3 is below the smallest. */
#include "stm32f4xx.h"

static uint32_t key[4] __attribute__((aligned(32)));
volatile uint32_t passed;

int main(void)
{
    MPU->RBAR = (uint32_t)key | MPU_RBAR_VALID_Msk | 1u;
    MPU->RASR = MPU_RASR_XN_Msk | (0u << MPU_RASR_AP_Pos) | (3u << MPU_RASR_SIZE_Pos) | MPU_RASR_ENABLE_Msk;
    MPU->CTRL = MPU_CTRL_PRIVDEFENA_Msk | MPU_CTRL_ENABLE_Msk;
    __DSB();
    __ISB();
    passed = 1;
    for (;;) {
    }
}
