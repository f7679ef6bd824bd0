// Which architecture CUB takes to be compiled for: the least that there is. What it has for later ones copies asynchronously or
// by engines that are not emulated, to the same results.
#pragma once
#ifdef EMULATE_DEVICE_CODE
#include <cuda/std/detail/__config>
#pragma push_macro("__CUDA_ARCH_LIST__")
#undef __CUDA_ARCH_LIST__
#define __CUDA_ARCH_LIST__ 750
#include_next <cuda/__device/compute_capability.h>
#pragma pop_macro("__CUDA_ARCH_LIST__")
#else
#include_next <cuda/__device/compute_capability.h>
#endif
