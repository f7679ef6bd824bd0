/* Division by zero (trap enabled) and an undefined instruction end in UsageFault; the handler steps over each and goes on. */
#include "stm32f4xx.h"

volatile uint32_t division_faults, undefined_faults, other_faults;
volatile uint32_t survived;

__attribute__((used)) void usage_fault(uint32_t *frame)
{
    uint32_t cfsr = SCB->CFSR;
    SCB->CFSR = cfsr;                                     /* write 1 to clear */
    if (cfsr & SCB_CFSR_DIVBYZERO_Msk)
        division_faults++;
    else if (cfsr & SCB_CFSR_UNDEFINSTR_Msk)
        undefined_faults++;
    else
        other_faults++;
    /* frame[6] is the PC of the faulting instruction; 0b11101, 0b11110, 0b11111 begin a 32 bit one */
    uint16_t first = *(uint16_t *)frame[6];
    frame[6] += (first >> 11) >= 0x1Du ? 4u : 2u;
}

__attribute__((naked)) void UsageFault_Handler(void)
{
    __asm volatile(
        "mrs  r0, msp        \n"
        "push {r4, lr}       \n"
        "bl   usage_fault    \n"
        "pop  {r4, pc}       \n");
}

__attribute__((noipa)) static int quotient(int a, int b)
{
    return a / b;
}

int main(void)
{
    volatile int zero = 0;
    volatile int out;

    SCB->SHCSR |= SCB_SHCSR_USGFAULTENA_Msk;
    out = quotient(7, zero);                              /* without the trap the result is 0 */
    survived = out == 0 ? 1u : 0u;
    SCB->CCR |= SCB_CCR_DIV_0_TRP_Msk;
    __DSB();
    __ISB();
    out = quotient(9, zero);
    survived++;
    __asm volatile("udf #7");
    survived++;
    for (;;)
        __WFI();
}
