/* A list sorted by due time; actions run in the main loop, the tick only counts. */
#include "timers.h"
#include <stddef.h>

static soft_timer_t *first;
static volatile uint32_t now;

void timers_tick(void)
{
    now++;
}

static void insert(soft_timer_t *timer)
{
    soft_timer_t **link = &first;
    while (*link && (int32_t)((*link)->due - timer->due) <= 0)
        link = &(*link)->next;
    timer->next = *link;
    *link = timer;
}

void timers_start(soft_timer_t *timer, uint32_t delay, uint32_t period)
{
    timers_stop(timer);
    timer->due = now + delay;
    timer->period = period;
    insert(timer);
}

void timers_stop(soft_timer_t *timer)
{
    for (soft_timer_t **link = &first; *link; link = &(*link)->next) {
        if (*link == timer) {
            *link = timer->next;
            return;
        }
    }
}

void timers_run(void)
{
    while (first != NULL && (int32_t)(now - first->due) >= 0) {
        soft_timer_t *timer = first;
        first = timer->next;
        if (timer->period) {
            timer->due += timer->period;   /* from the due time, so that lateness does not add up */
            insert(timer);
        }
        timer->action(timer->context);
    }
}
