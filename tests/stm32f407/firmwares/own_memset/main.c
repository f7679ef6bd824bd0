/* A firmware that brings its own memset and memcpy, byte by byte, as startup files of small projects do. */
#include "stm32f4xx.h"
#include <stddef.h>

void *memset(void *to, int value, size_t n)
{
    uint8_t *bytes = to;
    for (size_t i = 0; i < n; i++) bytes[i] = (uint8_t)value;
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    uint8_t *into = to;
    const uint8_t *out = from;
    while (n--) *into++ = *out++;
    return to;
}

volatile uint8_t buffer[32];
volatile uint32_t finished;

int main(void)
{
    memset((void *)buffer, 0x5A, sizeof buffer);
    memcpy((void *)(buffer + 4), "board", 5);
    finished = 1;
    for (;;) {
    }
}
