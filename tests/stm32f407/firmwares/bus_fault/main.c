/* Probing for memory: BusFault is enabled, its handler notes BFAR and resumes after the load. */
#include "stm32f4xx.h"

static volatile uint32_t faulted;
volatile uint32_t fault_address, fault_flags;
volatile uint32_t map;

__attribute__((used)) static void bus_fault(uint32_t *frame)
{
    fault_flags = SCB->CFSR & SCB_CFSR_BUSFAULTSR_Msk;
    if (fault_flags & SCB_CFSR_BFARVALID_Msk)
        fault_address = SCB->BFAR;
    SCB->CFSR = SCB_CFSR_BUSFAULTSR_Msk;
    faulted = 1;
    frame[6] += 2u;                       /* "ldr r0, [r0]" below is a 16 bit instruction */
}

__attribute__((naked)) void BusFault_Handler(void)
{
    __asm volatile("mov r0, sp\n push {r3, lr}\n bl bus_fault\n pop {r3, pc}");
}

static int readable(uint32_t address)
{
    register uint32_t r0 __asm("r0") = address;
    faulted = 0;
    __asm volatile("ldr.n r0, [r0]\n dsb" : "+r"(r0) : : "memory");
    return !faulted;
}

int main(void)
{
    static const uint32_t where[] = {0x20000000u, 0x2001FFFCu, 0x20020000u, 0x10000000u, 0x10010000u, 0x08000000u, 0x08100000u};
    SCB->SHCSR |= SCB_SHCSR_BUSFAULTENA_Msk;
    for (unsigned i = 0; i < sizeof where / sizeof where[0]; i++)
        if (readable(where[i]))
            map |= 1u << i;
    for (;;)
        __WFI();
}
