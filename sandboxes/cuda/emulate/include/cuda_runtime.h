// The toolkit's own host API, as a host compiler sees it, and then what nvcc knows by itself: device functions.
#pragma once
#include <emulate/language.h>

#pragma push_macro("__CUDACC__")
#undef __CUDACC__
#include_next <cuda_runtime.h>
#pragma pop_macro("__CUDACC__")

#ifdef EMULATE_DEVICE_CODE
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <emulate/version.h>
#include <emulate/launch.h>
#include <emulate/symbol.h>
#include <emulate/device.h>
#include <emulate/atomic.h>
#include <emulate/warp.h>
#include <emulate/math.h>
#include <emulate/memory.h>
#include <emulate/texture.h>
#include <emulate/ptx.h>
#endif
