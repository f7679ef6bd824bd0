/* Written where file names have no case and folders are parted by backslashes. */
#include "../inc/LAMP.h"

int main(void)
{
    lamp_on();
    for (;;) {
    }
}
