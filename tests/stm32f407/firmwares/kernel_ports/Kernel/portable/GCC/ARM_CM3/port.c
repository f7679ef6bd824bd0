#include "portmacro.h"

int port_number(void)
{
    return PORT / 10;
}
