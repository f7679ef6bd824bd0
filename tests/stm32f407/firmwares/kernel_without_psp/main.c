/* A kernel of two tasks that has one stack pointer only: the switch loads MSP from the task's record. */
#include "stm32f4xx.h"

typedef struct {
    uint32_t *sp;
} Task;

#define WORDS 96

static uint32_t stacks[2][WORDS] __attribute__((aligned(8)));
static Task tasks[2];
Task *volatile current, *volatile next;
volatile uint32_t rounds[2];

__attribute__((noinline)) static uint32_t sum(uint32_t n)
{
    volatile uint32_t parts[12];
    uint32_t total = 0;
    for (uint32_t i = 0; i < 12; i++) parts[i] = n + i;
    for (uint32_t i = 0; i < 12; i++) total += parts[i];
    return total;
}

static void first(void)
{
    for (;;) rounds[0] += sum(0) / 66u;
}

static void second(void)
{
    for (;;) rounds[1] += sum(1) / 78u;
}

static void prepare(uint32_t n, void (*code)(void))
{
    uint32_t *sp = stacks[n] + WORDS;
    *--sp = 1u << 24;
    *--sp = (uint32_t)code;
    for (uint32_t i = 0; i < 6 + 8; i++) *--sp = 0;
    tasks[n].sp = sp;
}

void SysTick_Handler(void)
{
    next = current == &tasks[0] ? &tasks[1] : &tasks[0];
    SCB->ICSR = SCB_ICSR_PENDSVSET_Msk;
}

__attribute__((naked)) void PendSV_Handler(void)
{
    __asm volatile(
        "cpsid i\n"
        "ldr r1, =current\n"
        "ldr r2, [r1]\n"
        "cbz r2, 1f\n"
        "push {r4-r11}\n"
        "str sp, [r2]\n"
        "1: ldr r2, =next\n"
        "ldr r2, [r2]\n"
        "str r2, [r1]\n"
        "ldr sp, [r2]\n"
        "pop {r4-r11}\n"
        "cpsie i\n"
        "bx lr\n"
        ".ltorg\n");
}

int main(void)
{
    prepare(0, first);
    prepare(1, second);
    NVIC_SetPriority(PendSV_IRQn, 15);
    SysTick_Config(16000);
    for (;;) {
    }
}
