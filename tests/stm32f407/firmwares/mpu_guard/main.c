/* Two words in RAM are guarded: a read-only one and a closed one. The handler of MemManage notes what was touched, and goes on
   behind the instruction. */
#include "stm32f4xx.h"

static uint32_t constants[8] __attribute__((aligned(32))) = {11, 22, 33};
static uint32_t secret[8] __attribute__((aligned(32))) = {0xC0DE};

volatile uint32_t faults, status[2], addresses_match, sum;

__attribute__((used)) void memory_fault(uint32_t *frame)
{
    uint32_t cfsr = SCB->CFSR;
    if (faults < 2u)
        status[faults] = cfsr & SCB_CFSR_MEMFAULTSR_Msk;
    if (SCB->MMFAR == (uint32_t)(faults == 0 ? &constants[1] : &secret[0]))
        addresses_match++;
    faults++;
    SCB->CFSR = SCB_CFSR_MEMFAULTSR_Msk;
    uint16_t instruction = *(uint16_t *)frame[6];
    frame[6] += (instruction >> 11) >= 0x1D ? 4u : 2u;
}

__attribute__((naked)) void MemManage_Handler(void)
{
    __asm volatile("mov r0, sp\n push {r3, lr}\n bl memory_fault\n pop {r3, pc}");
}

static void region(uint32_t number, const void *base, uint32_t size_code, uint32_t access)
{
    MPU->RBAR = (uint32_t)base | MPU_RBAR_VALID_Msk | number;
    MPU->RASR = MPU_RASR_XN_Msk | (access << MPU_RASR_AP_Pos) | MPU_RASR_S_Msk | MPU_RASR_C_Msk |
                (size_code << MPU_RASR_SIZE_Pos) | MPU_RASR_ENABLE_Msk;
}

int main(void)
{
    if ((MPU->TYPE & MPU_TYPE_DREGION_Msk) >> MPU_TYPE_DREGION_Pos != 8u)
        for (;;) {
        }
    SCB->SHCSR |= SCB_SHCSR_MEMFAULTENA_Msk;
    region(0, constants, 4, 6);                 /* 32 bytes, read-only for all */
    region(1, secret, 4, 0);                    /* 32 bytes, closed */
    MPU->CTRL = MPU_CTRL_PRIVDEFENA_Msk | MPU_CTRL_ENABLE_Msk;
    __DSB();
    __ISB();

    volatile uint32_t *word = constants;
    sum = word[0] + word[1] + word[2];          /* reading is allowed */
    word[1] = 99;                               /* refused */
    sum += word[1];                             /* still 22 */
    volatile uint32_t *hidden = secret;
    (void)hidden[0];                            /* refused */

    MPU->CTRL = 0;
    __DSB();
    __ISB();
    word[1] = 100;                              /* the unit is off */
    sum += word[1] + hidden[0];
    for (;;)
        __WFI();
}
