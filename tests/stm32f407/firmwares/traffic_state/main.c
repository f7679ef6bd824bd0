/* A pedestrian crossing as a table-driven state machine; the button is polled, lamps on PE0..PE4. */
#include <stdbool.h>
#include "stm32f4xx.h"

enum lamp { CAR_RED = 1, CAR_AMBER = 2, CAR_GREEN = 4, WALK_RED = 8, WALK_GREEN = 16 };
typedef enum { DRIVE, AMBER, WALK, CLEAR, READY, STATES } state_t;

static const struct {
    uint8_t lamps;
    uint16_t ms;                 /* 0: stays until the button */
    state_t next;
} table[STATES] = {
    [DRIVE] = {CAR_GREEN | WALK_RED, 0, AMBER},
    [AMBER] = {CAR_AMBER | WALK_RED, 10, WALK},
    [WALK] = {CAR_RED | WALK_GREEN, 30, CLEAR},
    [CLEAR] = {CAR_RED | WALK_RED, 10, READY},
    [READY] = {CAR_RED | CAR_AMBER | WALK_RED, 5, DRIVE},
};

volatile uint32_t cycles;
static volatile bool tick;

void SysTick_Handler(void) { tick = true; }

static void show(uint8_t lamps)
{
    GPIOE->BSRR = lamps | ((uint32_t)(~lamps & 0x1F) << 16);
}

int main(void)
{
    state_t state = DRIVE;
    uint16_t left = 0;
    bool requested = false;

    RCC->AHB1ENR |= RCC_AHB1ENR_GPIOEEN | RCC_AHB1ENR_GPIOCEN;
    GPIOE->MODER |= 0x155;
    GPIOC->PUPDR |= 1u << 26;                /* button to ground on PC13 */
    SysTick_Config(SystemCoreClock / 1000);
    show(table[state].lamps);
    for (;;) {
        while (!tick)
            __WFI();
        tick = false;
        if (!(GPIOC->IDR & (1u << 13)))
            requested = true;
        bool advance = table[state].ms == 0 ? requested : --left == 0;
        if (!advance)
            continue;
        if (state == DRIVE)
            requested = false;
        state = table[state].next;
        left = table[state].ms;
        if (state == DRIVE)
            cycles++;
        show(table[state].lamps);
    }
}
