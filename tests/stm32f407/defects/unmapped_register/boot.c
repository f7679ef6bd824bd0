/* Own vector table and reset code, no C library start-up. */
#include <stdint.h>

extern uint32_t load_data, start_data, end_data, start_bss, end_bss, stack_top;
int main(void);

void Reset_Handler(void)
{
    uint32_t *from = &load_data;
    for (uint32_t *to = &start_data; to < &end_data;)
        *to++ = *from++;
    for (uint32_t *to = &start_bss; to < &end_bss;)
        *to++ = 0;
    main();
    for (;;) {
    }
}

static void stuck(void)
{
    for (;;) {
    }
}

void SysTick_Handler(void);

__attribute__((section(".isr_vector"), used))
static const void *const vectors[16] = {
    &stack_top, (void *)Reset_Handler, (void *)stuck, (void *)stuck, (void *)stuck, (void *)stuck, (void *)stuck,
    0, 0, 0, 0, (void *)stuck, (void *)stuck, 0, (void *)stuck, (void *)SysTick_Handler,
};
