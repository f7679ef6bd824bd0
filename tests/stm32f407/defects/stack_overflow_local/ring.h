#ifndef RING_H
#define RING_H
#include <stdbool.h>
#include <stdint.h>

/* Single producer, single consumer; the size is a power of two, so indices wrap freely. */
#define RING_SIZE 64u

typedef struct {
    volatile uint16_t head;   /* written by the producer only */
    volatile uint16_t tail;   /* written by the consumer only */
    uint8_t data[RING_SIZE];
} ring_t;

static inline bool ring_put(ring_t *r, uint8_t byte)
{
    uint16_t head = r->head;
    if ((uint16_t)(head - r->tail) >= RING_SIZE)
        return false;
    r->data[head % RING_SIZE] = byte;
    __asm volatile("dmb" ::: "memory");
    r->head = (uint16_t)(head + 1u);
    return true;
}

static inline bool ring_get(ring_t *r, uint8_t *byte)
{
    uint16_t tail = r->tail;
    if (tail == r->head)
        return false;
    *byte = r->data[tail % RING_SIZE];
    __asm volatile("dmb" ::: "memory");
    r->tail = (uint16_t)(tail + 1u);
    return true;
}

#endif
