/* Names that the device headers of other years have: fields of AFRH counted from 0, short types, ITM input, RNG_IRQn. */
#include "stm32f4xx.h"
#include "core_cmFunc.h"
#include "core_cmInstr.h"

static vu32 ticks;
static uc16 step = 3;
volatile int32_t ITM_RxBuffer = ITM_RXBUFFER_EMPTY;
volatile uint32_t seen, flags = 0xF0;
volatile uint64_t sum;

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIODEN;
    (void)RCC->AHB1ENR;
    GPIOD->MODER |= GPIO_MODER_MODER12_0;
    GPIOD->AFR[1] |= GPIO_AFRH_AFRH4_1;
    GPIOD->AFR[1] |= GPIO_AFRH_AFRH15_0;
    NVIC_EnableIRQ(RNG_IRQn);
    ATOMIC_SET_BIT(flags, 1);
    ATOMIC_MODIFY_REG(flags, 0xF0, 0x20);
    for (ticks = 0; ticks < 9; ticks += step)
        sum = __SMLALD(0x00020003, 0x00040005, sum);
    seen = (u32)ITM_CheckChar() + ticks;
    for (;;) {
    }
}
