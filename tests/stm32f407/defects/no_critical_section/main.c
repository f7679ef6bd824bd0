/* A pair of words is kept consistent by raising BASEPRI; the urgent interrupt above that level still runs inside. */
#include "stm32f4xx.h"

#define KERNEL_LEVEL 5u

typedef struct { uint32_t plus, minus; } pair_t;

static volatile pair_t pair;
volatile uint32_t torn, urgent, inside, deferred;

static inline uint32_t lock(void)
{
    uint32_t old = __get_BASEPRI();
    __set_BASEPRI(KERNEL_LEVEL << (8u - __NVIC_PRIO_BITS));
    __DSB();
    __ISB();
    return old;
}

static inline void unlock(uint32_t old)
{
    __set_BASEPRI(old);
}

void TIM6_DAC_IRQHandler(void)            /* priority 6: masked by the lock */
{
    TIM6->SR = ~TIM_SR_UIF;
    if (pair.plus + pair.minus != 0u)
        torn++;
    pair.plus++;
    pair.minus--;
    deferred++;
}

static volatile uint32_t locked;

void TIM7_IRQHandler(void)                /* priority 2: never masked, touches no shared pair */
{
    TIM7->SR = ~TIM_SR_UIF;
    urgent++;
    if (locked)
        inside++;
}

static void timer(TIM_TypeDef *t, uint32_t period, IRQn_Type irq, uint32_t priority)
{
    t->ARR = period - 1u;
    t->DIER = TIM_DIER_UIE;
    NVIC_SetPriority(irq, priority);
    NVIC_EnableIRQ(irq);
    t->CR1 = TIM_CR1_CEN;
}

int main(void)
{
    NVIC_SetPriorityGrouping(3);
    RCC->APB1ENR |= RCC_APB1ENR_TIM6EN | RCC_APB1ENR_TIM7EN;
    timer(TIM6, 1009, TIM6_DAC_IRQn, 6);
    timer(TIM7, 1501, TIM7_IRQn, 2);
    for (uint32_t i = 0; i < 2000u; i++) {
        locked = 1;
        pair.plus += 3u;
        for (volatile int spin = 0; spin < 20; spin++) { }
        pair.minus -= 3u;
        locked = 0;
        for (volatile int spin = 0; spin < 5; spin++) { }
    }
    TIM6->CR1 = 0;
    TIM7->CR1 = 0;
    for (;;)
        __WFI();
}
