#include "os.h"
#include "stm32f4xx.h"

enum { TASKS = 5 };

tcb_t *os_current;
static tcb_t *table[TASKS];
static uint32_t count;
static volatile uint32_t now;
static tcb_t idle_tcb;
static uint32_t idle_stack[48] __attribute__((aligned(8)));

static inline uint32_t enter(void)
{
    uint32_t mask = __get_PRIMASK();
    __disable_irq();
    return mask;
}

static inline void leave(uint32_t mask)
{
    __set_PRIMASK(mask);
}

static void reschedule(void)
{
    SCB->ICSR = SCB_ICSR_PENDSVSET_Msk;
    __DSB();
    __ISB();
}

static bool ready(const tcb_t *t)
{
    return t->waits_for == 0 && (int32_t)(now - t->wake_at) >= 0;
}

__attribute__((used)) void os_pick(void)
{
    tcb_t *best = &idle_tcb;
    for (uint32_t i = 0; i < count; i++)
        if (ready(table[i]) && table[i]->priority < best->priority)
            best = table[i];
    os_current = best;
}

void os_task(tcb_t *task, void (*entry)(void), uint32_t *stack, uint32_t words, uint32_t priority)
{
    uint32_t *top = stack + words - 16;
    for (int i = 0; i < 16; i++)
        top[i] = 0;
    top[15] = 1u << 24;
    top[14] = (uint32_t)entry & ~1u;
    task->sp = top;
    task->priority = priority;
    task->waits_for = 0;
    task->wake_at = 0;
    if (task != &idle_tcb)
        table[count++] = task;
}

/* No task here uses the FPU, so R4-R11 are all there is to save. */
__attribute__((naked)) void PendSV_Handler(void)
{
    __asm volatile(
        "ldr   r2, =os_current   \n"
        "ldr   r1, [r2]          \n"
        "mrs   r0, psp           \n"
        "stmdb r0!, {r4-r11}     \n"
        "str   r0, [r1]          \n"
        "push  {r2, lr}          \n"
        "cpsid i                 \n"
        "bl    os_pick           \n"
        "cpsie i                 \n"
        "pop   {r2, lr}          \n"
        "ldr   r1, [r2]          \n"
        "ldr   r0, [r1]          \n"
        "ldmia r0!, {r4-r11}     \n"
        "msr   psp, r0           \n"
        "bx    lr                \n"
        ".ltorg                  \n");
}

void SysTick_Handler(void)
{
    now++;
    SCB->ICSR = SCB_ICSR_PENDSVSET_Msk;
}

static void idle(void)
{
    for (;;)
        __WFI();
}

void os_run(void)
{
    os_task(&idle_tcb, idle, idle_stack, 48, UINT32_MAX);
    NVIC_SetPriority(PendSV_IRQn, 15);
    SysTick_Config(16000);
    NVIC_SetPriority(SysTick_IRQn, 8);
    /* become the idle task: its stack as PSP, thread mode on PSP */
    os_current = &idle_tcb;
    __set_PSP((uint32_t)(idle_stack + 48));
    __set_CONTROL(2);
    __ISB();
    reschedule();
    idle();
}

void os_delay(uint32_t ticks)
{
    os_current->wake_at = now + ticks;
    reschedule();
}

static void wake(const void *object)
{
    for (uint32_t i = 0; i < count; i++)
        if (table[i]->waits_for == object)
            table[i]->waits_for = 0;
}

bool os_send_from_isr(queue_t *q, uint32_t item)
{
    uint32_t mask = enter();
    bool room = q->head - q->tail < 4u;
    if (room) {
        q->items[q->head % 4u] = item;
        q->head++;
        wake(q);
    }
    leave(mask);
    SCB->ICSR = SCB_ICSR_PENDSVSET_Msk;
    return room;
}

void os_send(queue_t *q, uint32_t item)
{
    for (;;) {
        uint32_t mask = enter();
        bool room = q->head - q->tail < 4u;
        if (!room)
            os_current->waits_for = q;
        leave(mask);
        if (room && os_send_from_isr(q, item))
            return;
        reschedule();
    }
}

uint32_t os_receive(queue_t *q)
{
    for (;;) {
        uint32_t mask = enter();
        if (q->head != q->tail) {
            uint32_t item = q->items[q->tail % 4u];
            q->tail++;
            wake(q);
            leave(mask);
            return item;
        }
        os_current->waits_for = q;
        leave(mask);
        reschedule();
    }
}
