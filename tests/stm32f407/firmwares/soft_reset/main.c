/* NVIC_SystemReset after a cold start; a word in CCM survives the reset and counts the starts. */
#include "stm32f4xx.h"

#define MAGIC 0xB007C0DEu

typedef struct { uint32_t magic, starts; } survivor_t;
#define SURVIVOR ((volatile survivor_t *)0x1000FF00u)     /* not initialised by the start-up code */

volatile uint32_t starts_seen, software_flag;

int main(void)
{
    if (SURVIVOR->magic != MAGIC) {
        SURVIVOR->magic = MAGIC;
        SURVIVOR->starts = 0;
    }
    SURVIVOR->starts++;
    starts_seen = SURVIVOR->starts;
    software_flag = (RCC->CSR & RCC_CSR_SFTRSTF) ? 1 : 0;
    RCC->CSR |= RCC_CSR_RMVF;
    if (starts_seen < 3)
        NVIC_SystemReset();
    for (;;)
        __WFI();
}
