/* Included by handlers.c; by itself it does not compile. */
#pragma weak tim2_isr = fault_handler
#define TABLE 82
#define INTERRUPTS [16 + 28] = tim2_isr
