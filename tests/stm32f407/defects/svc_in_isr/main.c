/* Three interrupts pended by software show preemption, sub-priority order and tail-chaining in a trace. */
#include "stm32f4xx.h"

char trace[16];
static volatile uint32_t used;

static void mark(char c)
{
    trace[used++] = c;
}

void EXTI0_IRQHandler(void)      /* group 2 */
{
    mark('L');
    NVIC_SetPendingIRQ(EXTI2_IRQn);
    __DSB();
    __ISB();                     /* the higher group preempts here */
    NVIC_SetPendingIRQ(EXTI1_IRQn);
    __DSB();
    __ISB();                     /* same group: waits for the end of this handler */
    mark('l');
}

void EXTI1_IRQHandler(void)      /* group 2, sub-priority 0 */
{
    mark('M');
    __asm volatile("svc 3");
    mark('m');
}

void EXTI2_IRQHandler(void)      /* group 1 */
{
    mark('H');
    NVIC_SetPendingIRQ(EXTI3_IRQn);
    __DSB();
    __ISB();
    mark('h');
}

void EXTI3_IRQHandler(void)      /* group 2, sub-priority 3: after EXTI1 */
{
    mark('s');
}

int main(void)
{
    /* two bits of preemption priority, two of sub-priority */
    NVIC_SetPriorityGrouping(5);
    NVIC_SetPriority(SVCall_IRQn, 15);
    NVIC_SetPriority(EXTI0_IRQn, NVIC_EncodePriority(5, 2, 1));
    NVIC_SetPriority(EXTI1_IRQn, NVIC_EncodePriority(5, 2, 0));
    NVIC_SetPriority(EXTI2_IRQn, NVIC_EncodePriority(5, 1, 3));
    NVIC_SetPriority(EXTI3_IRQn, NVIC_EncodePriority(5, 2, 3));
    for (int i = EXTI0_IRQn; i <= EXTI3_IRQn; i++)
        NVIC_EnableIRQ((IRQn_Type)i);

    mark('<');
    NVIC_SetPendingIRQ(EXTI0_IRQn);
    __DSB();
    __ISB();
    mark('>');
    for (;;)
        __WFI();
}
