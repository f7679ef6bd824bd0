// Thrust takes the last error away after copies and the like, and looks at it for nobody: a launch that failed before is still one
// whose error the program has not looked at. (Where it waits for a stream, CUB looks, and Thrust throws what it finds.)
#pragma once
#ifdef EMULATE_DEVICE_CODE
#include <cub/util_device.cuh>
#include <thrust/system/cuda/error.h>
#include <thrust/system_error.h>
extern "C" cudaError_t emulate_forget_last_error();
#define cudaGetLastError emulate_forget_last_error
#endif
#include_next <thrust/system/cuda/detail/util.h>
#undef cudaGetLastError
