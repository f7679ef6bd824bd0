/* SIZE is 2 to the power of SIZE + 1: 5 makes the read-only region 64 bytes long, and the counter behind the table is in it. */
#include "stm32f4xx.h"

static struct {
    uint32_t table[8];
    volatile uint32_t counter;
} data __attribute__((aligned(64)));

int main(void)
{
    for (uint32_t i = 0; i < 8u; i++)
        data.table[i] = i * i;
    MPU->RBAR = (uint32_t)&data | MPU_RBAR_VALID_Msk | 3u;
    MPU->RASR = MPU_RASR_XN_Msk | (6u << MPU_RASR_AP_Pos) | (5u << MPU_RASR_SIZE_Pos) | MPU_RASR_ENABLE_Msk;
    MPU->CTRL = MPU_CTRL_PRIVDEFENA_Msk | MPU_CTRL_ENABLE_Msk;
    __DSB();
    __ISB();
    data.counter = data.table[3];
    for (;;) {
    }
}
