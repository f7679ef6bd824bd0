/* A round-robin kernel in one file: SysTick asks for PendSV, PendSV saves R4-R11 (and S16-S31 of a task that used the
 * FPU) on the task's process stack and takes the next task. SVC 0 starts the first one. */
#include "kernel.h"
#include "stm32f4xx.h"

#define MAX_TASKS 4u

static uint32_t *stack_of[MAX_TASKS];
static uint32_t task_count;
static uint32_t current;
volatile uint32_t kernel_switches;

static void task_exit(void)
{
    for (;;) {
    }
}

void kernel_add(void (*entry)(void *), void *argument, uint32_t *stack, uint32_t words)
{
    uint32_t *sp = (uint32_t *)((uint32_t)(stack + words) & ~7u);
    *--sp = 0x00000000u;                        /* xPSR: Thumb */
    *--sp = (uint32_t)entry & ~1u;              /* PC */
    *--sp = (uint32_t)task_exit;                /* LR */
    for (int i = 0; i < 4; i++)
        *--sp = 0;                              /* R12, R3, R2, R1 */
    *--sp = (uint32_t)argument;                 /* R0 */
    *--sp = 0xFFFFFFFDu;                        /* thread mode, PSP, no FPU frame */
    for (int i = 0; i < 8; i++)
        *--sp = 0;                              /* R11 .. R4 */
    stack_of[task_count++] = sp;
}

__attribute__((used)) uint32_t *kernel_next(uint32_t *old)
{
    stack_of[current] = old;
    current = (current + 1u) % task_count;
    kernel_switches++;
    return stack_of[current];
}

__attribute__((used)) uint32_t *kernel_first(void)
{
    return stack_of[0];
}

__attribute__((naked)) void PendSV_Handler(void)
{
    __asm volatile(
        "mrs       r0, psp            \n"
        "tst       lr, #0x10          \n"
        "it        eq                 \n"
        "vstmdbeq  r0!, {s16-s31}     \n"
        "stmdb     r0!, {r4-r11, lr}  \n"
        "bl        kernel_next        \n"
        "ldmia     r0!, {r4-r11, lr}  \n"
        "tst       lr, #0x10          \n"
        "it        eq                 \n"
        "vldmiaeq  r0!, {s16-s31}     \n"
        "msr       psp, r0            \n"
        "bx        lr                 \n");
}

__attribute__((naked)) void SVC_Handler(void)
{
    __asm volatile(
        "bl        kernel_first       \n"
        "ldmia     r0!, {r4-r11, lr}  \n"
        "msr       psp, r0            \n"
        "isb                          \n"
        "bx        lr                 \n");
}

void SysTick_Handler(void)
{
    SCB->ICSR = SCB_ICSR_PENDSVSET_Msk;
}

void kernel_start(void)
{
    NVIC_SetPriority(PendSV_IRQn, 15);
    NVIC_SetPriority(SysTick_IRQn, 14);
    SysTick_Config(SystemCoreClock / 1000u);
    NVIC_SetPriority(SysTick_IRQn, 14);         /* SysTick_Config sets the lowest */
    __asm volatile("svc 0");
    for (;;) {
    }
}
