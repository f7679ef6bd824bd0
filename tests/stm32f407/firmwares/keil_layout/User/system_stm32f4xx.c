#include "stm32f4xx.h"

uint32_t SystemCoreClock = 16000000;
__I uint8_t AHBPrescTable[16] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 6, 7, 8, 9};
uint32_t crystal_starts;

void SystemInit(void)
{
    __IO uint32_t turns = 0;
    RCC->CR |= RCC_CR_HSEON;
    while ((RCC->CR & RCC_CR_HSERDY) == 0 && turns != HSE_STARTUP_TIMEOUT)
        turns++;
    crystal_starts = (RCC->CR & RCC_CR_HSERDY) != RESET;
}
