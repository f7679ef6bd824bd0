#ifndef HANDLERS_H
#define HANDLERS_H

#if !defined(STM32F4)
#error "the build has not said for which family"
#endif

void __attribute__((weak)) reset_handler(void);
void __attribute__((weak)) fault_handler(void);
void __attribute__((weak)) sys_tick_handler(void);
void __attribute__((weak)) tim2_isr(void);
#endif
