/* A 16 tap filter whose inner product is written in assembler with the DSP instructions, against plain C. */
#include "stm32f4xx.h"

#define TAPS 16

int32_t dot(const int16_t *a, const int16_t *b, uint32_t pairs);

static const int16_t coefficients[TAPS] __attribute__((aligned(4))) = {
    -12, 40, -95, 180, -310, 520, -980, 3300, 3300, -980, 520, -310, 180, -95, 40, -12};
static int16_t line[TAPS] __attribute__((aligned(4)));
volatile uint32_t differences, saturated;
volatile int32_t last;

int main(void)
{
    uint32_t noise = 12345u;
    for (int n = 0; n < 200; n++) {
        noise = noise * 1103515245u + 12345u;
        for (int i = TAPS - 1; i > 0; i--)
            line[i] = line[i - 1];
        line[0] = (int16_t)(noise >> 16);
        int32_t plain = 0;
        for (int i = 0; i < TAPS; i++)
            plain += coefficients[i] * line[i];
        int32_t fast = dot(coefficients, line, TAPS / 2);
        if (fast != plain)
            differences++;
        int32_t clipped;
        __asm("ssat %0, #16, %1, asr #10" : "=r"(clipped) : "r"(fast));
        if (clipped == 32767 || clipped == -32768)
            saturated++;
        last = clipped;
    }
    for (;;)
        __WFI();
}
