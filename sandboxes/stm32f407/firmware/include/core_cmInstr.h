/* Instructions of the core: older and newer CMSIS sources include them by this name. */
#include "cmsis_gcc.h"
