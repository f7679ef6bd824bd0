/* A task whose stack ends in a guard of 32 bytes recurses without end: MemManage ends it, and the next task runs. */
#include "stm32f4xx.h"

#define WORDS 128u
static uint32_t greedy_stack[WORDS] __attribute__((aligned(32)));
static uint32_t modest_stack[WORDS] __attribute__((aligned(32)));
static uint32_t neighbour[8] __attribute__((aligned(32))) = {0x5EED, 0x5EED};

volatile uint32_t depth, ended, flags, done, intact;

__attribute__((noinline)) static uint32_t deeper(uint32_t n)
{
    volatile uint32_t local[8];
    local[n & 7u] = n;
    depth = n;
    return deeper(n + 1u) + local[n & 7u];
}

static void greedy(void)
{
    done = deeper(1);
}

static void modest(void)
{
    for (uint32_t i = 0; i < 10u; i++)
        done += i;
    intact = neighbour[0] == 0x5EED && neighbour[1] == 0x5EED;
    for (;;) {
    }
}

static void start(uint32_t *stack, void (*task)(void))
{
    uint32_t *frame = stack + WORDS - 8u;
    frame[6] = (uint32_t)task & ~1u;
    frame[7] = 0x01000000;
    MPU->RBAR = (uint32_t)stack | MPU_RBAR_VALID_Msk | 0u;
    MPU->RASR = MPU_RASR_XN_Msk | (0u << MPU_RASR_AP_Pos) | (4u << MPU_RASR_SIZE_Pos) | MPU_RASR_ENABLE_Msk;
    __DSB();
    __ISB();
    __set_PSP((uint32_t)frame);
}

__attribute__((used)) void replace_task(void)
{
    flags = SCB->CFSR & (SCB_CFSR_DACCVIOL_Msk | SCB_CFSR_MMARVALID_Msk);
    SCB->CFSR = SCB_CFSR_MEMFAULTSR_Msk;
    ended++;
    start(modest_stack, modest);
}

__attribute__((naked)) void MemManage_Handler(void)
{
    __asm volatile("push {r3, lr}\n bl replace_task\n pop {r3, pc}");
}

__attribute__((used)) void first_task(void)
{
    start(greedy_stack, greedy);
}

__attribute__((naked)) void SVC_Handler(void)
{
    __asm volatile("push {r3, lr}\n bl first_task\n pop {r3, lr}\n mvn lr, #2\n bx lr");
}

int main(void)
{
    SCB->SHCSR |= SCB_SHCSR_MEMFAULTENA_Msk;
    MPU->CTRL = MPU_CTRL_PRIVDEFENA_Msk | MPU_CTRL_ENABLE_Msk;
    __DSB();
    __ISB();
    __asm volatile("svc 0");
    for (;;) {
    }
}
