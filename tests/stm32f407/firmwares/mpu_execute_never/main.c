/* Code that was copied to RAM runs until the region there forbids it; the HardFault that follows (MemManage is not enabled)
   returns to the caller. Sub-regions: the third eighth of the region is left to the map behind it. */
#include "stm32f4xx.h"

static uint16_t code[1024] __attribute__((aligned(2048)));
static const uint16_t double_it[] = {0x1800, 0x4770};        /* adds r0, r0, r0; bx lr */

volatile uint32_t results[3], hard_faults, forced, flags;

__attribute__((used)) void hard_fault(uint32_t *frame)
{
    hard_faults++;
    forced = (SCB->HFSR & SCB_HFSR_FORCED_Msk) != 0;
    flags = SCB->CFSR;
    SCB->HFSR = SCB_HFSR_FORCED_Msk;
    SCB->CFSR = SCB_CFSR_MEMFAULTSR_Msk;
    frame[0] = 0xBAD;                            /* what the function gives */
    frame[6] = frame[5] & ~1u;                   /* back to the caller */
}

__attribute__((naked)) void HardFault_Handler(void)
{
    __asm volatile("mov r0, sp\n push {r3, lr}\n bl hard_fault\n pop {r3, pc}");
}

static uint32_t call(unsigned eighth, uint32_t argument)
{
    uint32_t (*function)(uint32_t) = (uint32_t (*)(uint32_t))((uint32_t)(code + 128u * eighth) | 1u);
    return function(argument);
}

int main(void)
{
    for (unsigned i = 0; i < 8u; i++) {
        code[128u * i] = double_it[0];
        code[128u * i + 1u] = double_it[1];
    }
    __DSB();
    __ISB();
    results[0] = call(0, 21);
    MPU->RNR = 7;
    MPU->RBAR = (uint32_t)code;
    MPU->RASR = MPU_RASR_XN_Msk | (3u << MPU_RASR_AP_Pos) | (0x04u << MPU_RASR_SRD_Pos) | (10u << MPU_RASR_SIZE_Pos) | MPU_RASR_ENABLE_Msk;
    MPU->CTRL |= MPU_CTRL_PRIVDEFENA_Msk | MPU_CTRL_ENABLE_Msk;
    __DSB();
    __ISB();
    results[1] = call(0, 21);
    results[2] = call(2, 4);
    for (;;)
        __WFI();
}
