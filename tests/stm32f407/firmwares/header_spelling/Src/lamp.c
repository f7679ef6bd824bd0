#include "..\Inc\lamp.h"

void lamp_on(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIODEN;
    (void)RCC->AHB1ENR;
    GPIOD->MODER |= GPIO_MODER_MODER12_0;
    GPIOD->BSRR = GPIO_BSRR_BS12;
}
