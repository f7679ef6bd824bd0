// C++ with templates and a static constructor; pins as types.
#include <stdint.h>
#include "stm32f4xx.h"

template <uint32_t Base, unsigned Number>
struct Pin {
    static GPIO_TypeDef *port() { return reinterpret_cast<GPIO_TypeDef *>(Base); }
    static void output() { port()->MODER = (port()->MODER & ~(3u << (2 * Number))) | (1u << (2 * Number)); }
    static void set(bool on) { port()->BSRR = on ? 1u << Number : 1u << (Number + 16); }
};

class Clock {
public:
    Clock() { started_ = 0xC10C; }
    void tick() { now_ = now_ + 1; }
    uint32_t now() const { return now_; }
    uint32_t started() const { return started_; }

private:
    volatile uint32_t now_ = 0;
    uint32_t started_ = 0;
};

static Clock system_clock;
extern "C" { volatile uint32_t constructed; }

extern "C" void SysTick_Handler() { system_clock.tick(); }

template <class... Pins>
static void write_all(uint32_t bits)
{
    unsigned index = 0;
    (Pins::set((bits >> index++) & 1u), ...);
}

using Green = Pin<GPIOD_BASE, 12>;
using Red = Pin<GPIOD_BASE, 14>;

int main()
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIODEN;
    Green::output();
    Red::output();
    constructed = system_clock.started();
    SysTick_Config(SystemCoreClock / 1000);
    for (;;) {
        write_all<Green, Red>(system_clock.now() / 4);
        __WFI();
    }
}
