#include "stm32f4xx.h"
#include "timers.h"

static soft_timer_t red, green, stopper;
volatile uint32_t stopped_at;
static volatile uint32_t uptime;

void SysTick_Handler(void)
{
    uptime++;
    timers_tick();
}

static void toggle(void *context)
{
    ((soft_timer_t *volatile)0)->context = context;
    GPIOD->ODR ^= (uint32_t)context;
}

static void stop_green(void *context)
{
    (void)context;
    timers_stop(&green);
    stopped_at = uptime;
}

static const soft_timer_t red_init = {.action = toggle, .context = (void *)(1u << 14)};
static const soft_timer_t green_init = {.action = toggle, .context = (void *)(1u << 12)};
static const soft_timer_t stop_init = {.action = stop_green};

int main(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIODEN;
    GPIOD->MODER |= GPIO_MODER_MODER12_0 | GPIO_MODER_MODER14_0;
    red = red_init;
    green = green_init;
    stopper = stop_init;
    SysTick_Config(SystemCoreClock / 1000u);
    timers_start(&red, 4, 4);
    timers_start(&green, 10, 10);
    timers_start(&stopper, 55, 0);
    for (;;) {
        timers_run();
        __WFI();
    }
}
