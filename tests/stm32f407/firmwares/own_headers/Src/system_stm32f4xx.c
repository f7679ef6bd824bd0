#include "stm32f4xx.h"

unsigned int SystemCoreClock = 16000000;

void SystemInit(void)
{
}
