/* Lines come in on USART2 and go out reversed. */
#include "serial.h"
#include "stm32f4xx.h"

#define LINE_MAX 140000

volatile uint32_t lines_done;

int main(void)
{
    uint8_t line[LINE_MAX + 1];
    uint32_t used = 0;

    serial_init(SystemCoreClock, 115200);
    serial_write((const uint8_t *)"ready\n", 6);

    for (;;) {
        uint8_t c;
        if (!serial_read(&c)) {
            __WFE();                          /* unlike WFI it cannot miss an interrupt before it */
            continue;
        }
        if (c != '\n') {
            if (used < LINE_MAX)
                line[used++] = c;
            continue;
        }
        for (uint32_t i = 0; i < used / 2; i++) {
            uint8_t swap = line[i];
            line[i] = line[used - 1 - i];
            line[used - 1 - i] = swap;
        }
        line[used] = '\n';
        serial_write(line, used + 1);
        used = 0;
        lines_done++;
    }
}
