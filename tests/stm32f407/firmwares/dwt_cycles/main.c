/* Microsecond delays and a measurement with the cycle counter of the DWT. */
#include "stm32f4xx.h"

volatile uint32_t measured;
volatile uint32_t sum;

static void dwt_init(void)
{
    CoreDebug->DEMCR |= CoreDebug_DEMCR_TRCENA_Msk;
    DWT->CYCCNT = 0;
    DWT->CTRL |= DWT_CTRL_CYCCNTENA_Msk;
}

static void delay_us(uint32_t us)
{
    uint32_t start = DWT->CYCCNT;
    uint32_t cycles = us * (SystemCoreClock / 1000000u);
    while (DWT->CYCCNT - start < cycles) {
    }
}

int main(void)
{
    dwt_init();
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOGEN;
    GPIOG->MODER |= 1u << 26;

    for (int i = 0; i < 4; i++) {
        GPIOG->BSRR = 1u << 13;
        delay_us(100);
        GPIOG->BSRR = 1u << 29;
        delay_us(300);
    }
    uint32_t start = DWT->CYCCNT;
    for (uint32_t i = 0; i < 1000; i++)
        sum += i;
    measured = DWT->CYCCNT - start;
    for (;;)
        __WFI();
}
