/* The template that the other one was made of. */
#include "stm32f4xx.h"

unsigned int SystemCoreClock = 8000000;

void SystemInit(void)
{
}
