/* Writes without effect that do no harm: zero to a read-only register, HSION cleared while HSI is the system clock. */
#include "stm32f4xx.h"

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_DMA2EN;
    (void)RCC->AHB1ENR;
    DMA2->LISR = 0;
    RCC->CR &= ~RCC_CR_HSION;
    for (;;) {
    }
}
