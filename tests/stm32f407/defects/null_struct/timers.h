#ifndef TIMERS_H
#define TIMERS_H
#include <stdint.h>

typedef struct soft_timer {
    struct soft_timer *next;
    uint32_t due;
    uint32_t period;                       /* 0: once */
    void (*action)(void *context);
    void *context;
} soft_timer_t;

void timers_tick(void);
void timers_start(soft_timer_t *timer, uint32_t delay, uint32_t period);
void timers_stop(soft_timer_t *timer);
void timers_run(void);

#endif
