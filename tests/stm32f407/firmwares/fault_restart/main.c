/* Production behaviour: an unexpected HardFault leaves a record in memory that survives, then restarts the chip. */
#include "stm32f4xx.h"

typedef struct { uint32_t magic, count, pc, cfsr; } record_t;
__attribute__((section(".noinit"))) volatile record_t record;
volatile uint32_t faults_before, alive;

__attribute__((used)) void note_fault(const uint32_t *frame)
{
    if (record.magic != 0xFA017u) {
        record.magic = 0xFA017u;
        record.count = 0;
    }
    record.count++;
    record.pc = frame[6];
    record.cfsr = SCB->CFSR;
    NVIC_SystemReset();
}

__attribute__((naked)) void HardFault_Handler(void)
{
    __asm volatile("tst lr, #4\n ite eq\n mrseq r0, msp\n mrsne r0, psp\n b note_fault");
}

int main(void)
{
    faults_before = record.magic == 0xFA017u ? record.count : 0;
    if (faults_before < 2u) {
        void (*volatile wild)(void) = (void (*)(void))0x60000001u;
        wild();
    }
    alive = 1;
    for (;;)
        __WFI();
}
