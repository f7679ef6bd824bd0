/* What an exception costs beside its instructions: entry at least 12 cycles and return 10, from handler to handler 6. */
#include "stm32f4xx.h"

volatile uint32_t alone, chained;

void PendSV_Handler(void)
{
}

void SVC_Handler(void)
{
    SCB->ICSR = SCB_ICSR_PENDSVSET_Msk;
    __DSB();
}

static uint32_t now(void)
{
    return DWT->CYCCNT;
}

int main(void)
{
    CoreDebug->DEMCR |= CoreDebug_DEMCR_TRCENA_Msk;
    DWT->CTRL |= DWT_CTRL_CYCCNTENA_Msk;
    NVIC_SetPriority(PendSV_IRQn, 15);
    uint32_t begin = now();
    SCB->ICSR = SCB_ICSR_PENDSVSET_Msk;
    __DSB();
    __ISB();
    alone = now() - begin;
    begin = now();
    __asm volatile("svc 0");
    chained = now() - begin;
    for (;;) {
    }
}
