/* Keywords of the compiler: older and newer CMSIS sources include them by this name. */
#include "cmsis_gcc.h"
