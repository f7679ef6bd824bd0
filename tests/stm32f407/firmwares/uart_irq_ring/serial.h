#ifndef SERIAL_H
#define SERIAL_H
#include <stdbool.h>
#include <stdint.h>

void serial_init(uint32_t pclk_hz, uint32_t baud);
bool serial_read(uint8_t *byte);
void serial_write(const uint8_t *bytes, uint32_t count);

#endif
