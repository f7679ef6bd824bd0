/* A linker script of the usual shape, with nothing for the CCM; the startup code is not the firmware's. */
#include "stm32f4xx.h"

volatile uint32_t answer = 42, zero;

int main(void)
{
    zero += answer;
    for (;;) {
    }
}
