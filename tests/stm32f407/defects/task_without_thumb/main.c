/* Three tasks that never yield: two integrate in floating point, one toggles a pin. */
#include <math.h>
#include "kernel.h"
#include "stm32f4xx.h"

typedef struct {
    float rate;
    volatile uint32_t passes;
    volatile float value;
} integrator_t;

integrator_t fast = {0.001f, 0, 1.0f};
integrator_t slow = {0.0005f, 0, 1.0f};
volatile uint32_t mismatches;
volatile uint32_t blinks;

static uint32_t stack_a[128] __attribute__((aligned(8)));
static uint32_t stack_b[128] __attribute__((aligned(8)));
static uint32_t stack_c[64] __attribute__((aligned(8)));

/* Repeats the same sum again and again: any register lost in a switch makes one run differ. */
static void integrate(void *argument)
{
    integrator_t *me = argument;
    float expected = 0.0f;
    for (;;) {
        float x = 1.0f, y = 0.5f;
        for (int i = 0; i < 500; i++) {
            x += me->rate * y;
            y += me->rate * x;
        }
        if (me->passes == 0)
            expected = x + y;
        else if (x + y != expected)
            mismatches++;
        me->value = x;
        me->passes++;
    }
}

static void blink(void *unused)
{
    (void)unused;
    uint32_t last = kernel_switches;
    for (;;) {
        if (kernel_switches - last >= 3u) {
            last = kernel_switches;
            GPIOD->ODR ^= 1u << 15;
            blinks++;
        }
    }
}

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIODEN;
    GPIOD->MODER |= 1u << 30;
    kernel_add(integrate, &fast, stack_a, 128);
    kernel_add(integrate, &slow, stack_b, 128);
    kernel_add(blink, 0, stack_c, 64);
    kernel_start();
}
