#include "portmacro.h"

int port_number(void)
{
    return PORT / 10;
}

__asm void start(void)
{
    svc 0
}
