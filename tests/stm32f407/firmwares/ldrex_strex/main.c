/* Lock-free counters shared with an interrupt (LDREX/STREX), a C11 atomic, and a try-lock that the ISR respects. */
#include <stdatomic.h>
#include "stm32f4xx.h"

static volatile uint32_t shared;
static atomic_uint total;
static volatile uint32_t lock_word;
volatile uint32_t isr_runs, isr_locked_out, retries, consistent;

/* returns how often an interrupt came between the load and the store */
static uint32_t add(volatile uint32_t *p, uint32_t amount)
{
    uint32_t failed = 0;
    while (__STREXW(__LDREXW(p) + amount, p))
        failed++;
    return failed;
}

static int try_lock(volatile uint32_t *lock)
{
    if (__LDREXW(lock) != 0) {
        __CLREX();
        return 0;
    }
    if (__STREXW(1, lock) != 0)
        return 0;
    __DMB();
    return 1;
}

static void unlock(volatile uint32_t *lock)
{
    __DMB();
    *lock = 0;
}

void TIM2_IRQHandler(void)
{
    TIM2->SR = 0;
    (void)add(&shared, 1);
    atomic_fetch_add(&total, 1);
    if (try_lock(&lock_word))
        unlock(&lock_word);
    else
        isr_locked_out++;
    isr_runs++;
    TIM2->ARR = 180 + isr_runs % 37; /* a fixed period may fall into step with the loop and never hit the pair */
}

int main(void)
{
    RCC->APB1ENR |= RCC_APB1ENR_TIM2EN;
    TIM2->ARR = 196;
    TIM2->DIER = TIM_DIER_UIE;
    NVIC_EnableIRQ(TIM2_IRQn);
    TIM2->CR1 = TIM_CR1_CEN;

    for (int i = 0; i < 3000; i++) {
        retries += add(&shared, 1);
        atomic_fetch_add(&total, 1);
        while (!try_lock(&lock_word)) { }
        unlock(&lock_word);
    }
    TIM2->CR1 = 0;
    TIM2->DIER = 0;
    __DSB();
    consistent = (shared == 3000u + isr_runs) && (atomic_load(&total) == shared) && lock_word == 0 ? 1 : 2;
    for (;;)
        __WFI();
}
