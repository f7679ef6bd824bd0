/* Thread mode drops its privileges and asks for them through SVC numbers read from the stacked PC. */
#include "stm32f4xx.h"

volatile uint32_t served[3], control_before, control_after;
static uint32_t process_stack[256] __attribute__((aligned(8)));

__attribute__((used)) void svc_dispatch(uint32_t *frame)
{
    uint8_t number = ((uint8_t *)frame[6])[-2];
    if (number < 3u)
        served[number] += frame[0];
    frame[0] = number + 100u;                    /* the caller's return value */
}

__attribute__((naked)) void SVC_Handler(void)
{
    __asm volatile(
        "tst   lr, #4       \n"
        "ite   eq           \n"
        "mrseq r0, msp      \n"
        "mrsne r0, psp      \n"
        "b     svc_dispatch \n");
}

static inline uint32_t call1(uint32_t argument)
{
    register uint32_t r0 __asm("r0") = argument;
    __asm volatile("svc 1" : "+r"(r0) : : "memory", "r1", "r2", "r3", "r12", "cc");
    return r0;
}

static inline uint32_t call2(uint32_t argument)
{
    register uint32_t r0 __asm("r0") = argument;
    __asm volatile("svc 2" : "+r"(r0) : : "memory", "r1", "r2", "r3", "r12", "cc");
    return r0;
}

__attribute__((noinline)) static void user(void)
{
    uint32_t got = call1(5) + call2(7) + call1(6);
    served[0] = got;
    control_after = __get_CONTROL();
    for (;;) {
    }
}

int main(void)
{
    control_before = __get_CONTROL() & 3u;
    __set_PSP((uint32_t)(process_stack + 256));
    __set_CONTROL(3);
    __ISB();
    user();
}
