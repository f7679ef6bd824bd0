/* A process without privileges sees the code, its own 1 KB of RAM and nothing else; what it may not do it asks for by SVC. */
#include "stm32f4xx.h"

static uint32_t process_memory[256] __attribute__((aligned(1024)));
static volatile uint32_t kernel_counter;
volatile uint32_t refused, refused_at_counter, served, result, privileged_reads;

__attribute__((used)) void system_call(uint32_t *frame)
{
    uint8_t number = ((uint8_t *)frame[6])[-2];
    if (number == 1) {
        kernel_counter += frame[0];
        served++;
        frame[0] = kernel_counter;
    } else {
        result = frame[0];
    }
}

__attribute__((naked)) void SVC_Handler(void)
{
    __asm volatile("mrs r0, psp\n b system_call");
}

__attribute__((used)) void memory_fault(uint32_t *frame)
{
    refused++;
    if ((SCB->CFSR & SCB_CFSR_MMARVALID_Msk) && SCB->MMFAR == (uint32_t)&kernel_counter)
        refused_at_counter++;
    privileged_reads += kernel_counter;         /* the kernel may */
    SCB->CFSR = SCB_CFSR_MEMFAULTSR_Msk;
    frame[6] += 2u;                             /* both accesses below are 16 bit instructions */
}

__attribute__((naked)) void MemManage_Handler(void)
{
    __asm volatile("mrs r0, psp\n push {r3, lr}\n bl memory_fault\n pop {r3, pc}");
}

static inline uint32_t add_in_kernel(uint32_t amount)
{
    register uint32_t r0 __asm("r0") = amount;
    __asm volatile("svc 1" : "+r"(r0) : : "memory", "r1", "r2", "r3", "r12", "cc");
    return r0;
}

__attribute__((noinline, noreturn)) static void process(void)
{
    uint32_t *own = process_memory;
    own[0] = 5;
    own[1] = add_in_kernel(own[0]);
    own[2] = add_in_kernel(own[1]);
    register volatile uint32_t *r1 __asm("r1") = &kernel_counter;
    register uint32_t r0 __asm("r0") = 77;
    __asm volatile("str.n r0, [r1]" : : "r"(r0), "r"(r1) : "memory");   /* refused */
    __asm volatile("ldr.n r0, [r1]" : "+r"(r0) : "r"(r1) : "memory");   /* refused */
    r0 = own[2];
    __asm volatile("svc 2" : "+r"(r0) : : "memory", "r2", "r3", "r12", "cc");
    for (;;) {
    }
}

int main(void)
{
    SCB->SHCSR |= SCB_SHCSR_MEMFAULTENA_Msk;
    MPU->RNR = 0;                               /* flash: all may read and execute */
    MPU->RBAR = 0x08000000;
    MPU->RASR = (6u << MPU_RASR_AP_Pos) | MPU_RASR_C_Msk | (19u << MPU_RASR_SIZE_Pos) | MPU_RASR_ENABLE_Msk;
    MPU->RNR = 1;                               /* SRAM: for the kernel */
    MPU->RBAR = 0x20000000;
    MPU->RASR = MPU_RASR_XN_Msk | (1u << MPU_RASR_AP_Pos) | MPU_RASR_S_Msk | MPU_RASR_C_Msk | (16u << MPU_RASR_SIZE_Pos) | MPU_RASR_ENABLE_Msk;
    MPU->RNR = 2;                               /* above it: the process's part */
    MPU->RBAR = (uint32_t)process_memory;
    MPU->RASR = MPU_RASR_XN_Msk | (3u << MPU_RASR_AP_Pos) | MPU_RASR_S_Msk | MPU_RASR_C_Msk | (9u << MPU_RASR_SIZE_Pos) | MPU_RASR_ENABLE_Msk;
    MPU->CTRL = MPU_CTRL_ENABLE_Msk;            /* no background map: nothing else is needed */
    __DSB();
    __ISB();
    __set_PSP((uint32_t)(process_memory + 256));
    __set_CONTROL(3);
    __ISB();
    process();
}
