/* What ST has written into the system memory: the size of the flash, the unique ID, the calibration of the converters. */
#include "stm32f4xx.h"

volatile uint32_t flash_kb, reference, cold, hot, unique;

int main(void)
{
    const uint32_t *id = (const uint32_t *)0x1FFF7A10;
    flash_kb = *(const uint16_t *)0x1FFF7A22;
    reference = *(const uint16_t *)0x1FFF7A2A;
    cold = *(const uint16_t *)0x1FFF7A2C;
    hot = *(const uint16_t *)0x1FFF7A2E;
    unique = id[0] != 0xFFFFFFFFu && id[1] != 0xFFFFFFFFu && id[2] != 0xFFFFFFFFu;
    for (;;) {
    }
}
