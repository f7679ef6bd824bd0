/* Delays by loops that only count, in the shapes that are about; each keeps PD12 high for a while of its own. */
#include "stm32f4xx.h"

static void down(uint32_t n)
{
    while (n--);
}

static void to_zero(uint32_t n)
{
    for (; n; n--);
}

static void nested(unsigned ms)
{
    for (unsigned i = 0; i < ms; i++)
        for (unsigned j = 0; j < 4000; j++) {
        }
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIODEN;
    (void)RCC->AHB1ENR;
    GPIOD->MODER |= GPIO_MODER_MODER12_0;
    for (;;) {
        GPIOD->BSRR = 1u << 12;
        down(20000);
        GPIOD->BSRR = 1u << 28;
        to_zero(20000);
        GPIOD->BSRR = 1u << 12;
        nested(5);
        GPIOD->BSRR = 1u << 28;
        for (int i = 0; i < 20000; i++);
    }
}
