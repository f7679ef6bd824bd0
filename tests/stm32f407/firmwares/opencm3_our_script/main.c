/* A firmware over a library with lower-case vectors and its own headers. */
#include <libopencm3/cm3/handlers.h>
#include <stdint.h>

#define WORD(address) (*(volatile uint32_t *)(address))

static volatile uint32_t reload = 999;
static uint32_t blinks;

void tim2_isr(void)
{
    WORD(0x40000010) = ~1u;
    WORD(0x40020C14) ^= 1u << 12;
    blinks++;
}

int main(void)
{
    WORD(0x40023830) |= 8;
    WORD(0x40023840) |= 1;
    (void)WORD(0x40023840);
    WORD(0x40020C00) |= 1u << 24;
    WORD(0x40000028) = 15;
    WORD(0x4000002C) = reload;
    WORD(0x40000014) = 1;
    WORD(0x40000010) = 0;
    WORD(0x4000000C) = 1;
    WORD(0xE000E100) = 1u << 28;
    WORD(0x40000000) = 1;
    for (;;) {
    }
}
