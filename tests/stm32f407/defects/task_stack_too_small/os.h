#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef struct tcb {
    uint32_t *sp;
    volatile uint32_t wake_at;       /* tick at which a sleeping task is ready again */
    const void *volatile waits_for;  /* object it is blocked on, or null */
    uint32_t priority;               /* 0 is the most urgent */
} tcb_t;

typedef struct {
    uint32_t items[4];
    volatile uint32_t head, tail;
} queue_t;

void os_task(tcb_t *task, void (*entry)(void), uint32_t *stack, uint32_t words, uint32_t priority);
void os_run(void);
void os_delay(uint32_t ticks);
void os_send(queue_t *q, uint32_t item);
uint32_t os_receive(queue_t *q);
bool os_send_from_isr(queue_t *q, uint32_t item);
