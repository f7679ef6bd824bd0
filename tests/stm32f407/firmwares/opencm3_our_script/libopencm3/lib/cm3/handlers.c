/* The vectors of a library of our own, with weak handlers that the firmware's, weak by their declaration, replace. */
#include <libopencm3/cm3/handlers.h>

extern unsigned int _data_loadaddr, _data, _edata, _ebss, _stack;
int main(void);

#include "../stm32/f4/handlers_f4.c"

__attribute__((section(".vectors"), used)) static void (*const vectors[16 + TABLE])(void) = {
    (void (*)(void))&_stack, reset_handler, fault_handler, fault_handler, [15] = sys_tick_handler, INTERRUPTS
};

void reset_handler(void)
{
    volatile unsigned int *from = &_data_loadaddr, *to = &_data;
    while (to < &_edata)
        *to++ = *from++;
    while (to < &_ebss)
        *to++ = 0;
    main();
    for (;;) {
    }
}

void fault_handler(void)
{
    for (;;) {
    }
}

#pragma weak sys_tick_handler = fault_handler
