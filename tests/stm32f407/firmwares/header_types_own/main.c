/* Short type names of the firmware's own, which differ from those that old device headers bring. */
#include "stm32f4xx.h"

typedef unsigned int u32;
typedef unsigned short u16;
typedef volatile u32 vu32;

vu32 total;

int main(void)
{
    for (u16 i = 1; i <= 10; i++)
        total += i;
    for (;;) {
    }
}
