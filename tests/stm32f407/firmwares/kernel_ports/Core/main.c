/* A kernel's folder with its ports for several chips and compilers, and its choice of heaps. */
#include "portmacro.h"

volatile unsigned int port, heap;

int main(void)
{
    port = PORT + port_number();
    heap = heap_number();
    for (;;) {
    }
}
