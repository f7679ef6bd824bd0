/* Sources in Src/, headers in Inc/ and in a driver's folder, which is named by its path from the root as well. */
#include "lamp.h"
#include "Drivers/bsp/pins.h"

int main(void)
{
    lamp_init();
    lamp_set(LAMP_PIN, 1);
    for (;;) {
    }
}
