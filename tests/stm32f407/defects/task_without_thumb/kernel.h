#ifndef KERNEL_H
#define KERNEL_H
#include <stdint.h>

void kernel_add(void (*entry)(void *), void *argument, uint32_t *stack, uint32_t words);
void kernel_start(void) __attribute__((noreturn));
extern volatile uint32_t kernel_switches;

#endif
