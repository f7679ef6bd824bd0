/* Frames with multi-byte fields at odd places: LDR and LDRH may be unaligned in SRAM (Arm v7-M A3.2.1). */
#include <stdlib.h>
#include <string.h>
#include "stm32f4xx.h"

typedef struct __attribute__((packed)) {
    uint8_t sync;
    uint32_t sequence;
    uint16_t length;
    uint8_t payload[6];
    uint16_t check;
} frame_t;

static uint8_t stream[4 * sizeof(frame_t) + 3];
volatile uint32_t accepted, rejected, sequence_sum, payload_sum;

static uint16_t fletcher(const uint8_t *bytes, uint32_t count)
{
    uint32_t a = 0, b = 0;
    while (count--) {
        a = (a + *bytes++) % 255u;
        b = (b + a) % 255u;
    }
    return (uint16_t)(b << 8 | a);
}

static void produce(void)
{
    memset(stream, 0, sizeof stream);
    for (uint32_t i = 0; i < 4u; i++) {
        frame_t *f = (frame_t *)(stream + 3 + i * sizeof(frame_t));
        f->sync = 0xA5;
        f->sequence = 1000u + i;
        f->length = 6;
        for (uint32_t k = 0; k < 6u; k++)
            f->payload[k] = (uint8_t)(i * 16u + k);
        f->check = fletcher((const uint8_t *)f, sizeof(frame_t) - 2u);
    }
    stream[3 + 2 * sizeof(frame_t) + 8] ^= 1;      /* damages the third */
}

static void consume(void)
{
    for (uint32_t at = 0; at + sizeof(frame_t) <= sizeof stream;) {
        const frame_t *f = (const frame_t *)(stream + at);
        if (f->sync != 0xA5 || f->length != 6) {
            at++;
            continue;
        }
        if (f->check == fletcher(stream + at, sizeof(frame_t) - 2u)) {
            accepted++;
            sequence_sum += f->sequence;
            uint32_t *copy = malloc(sizeof *copy * 2u);
            memcpy(copy, f->payload, 6);
            payload_sum += copy[0] & 0xFFu;
            free(copy);
        } else {
            rejected++;
        }
        at += sizeof(frame_t);
    }
}

int main(void)
{
    produce();
    consume();
    for (;;)
        __WFI();
}
