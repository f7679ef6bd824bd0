// Thrust's device system keeps its name, its policies and its memory: CUDA's. Its algorithms are the emulation's own, in one header.
#pragma once
#include_next <thrust/detail/config/device_system.h>
#if defined(EMULATE_DEVICE_CODE) && THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CUDA
#undef __THRUST_DEVICE_SYSTEM_ALGORITH_DETAIL_HEADER_INCLUDE
#define __THRUST_DEVICE_SYSTEM_ALGORITH_DETAIL_HEADER_INCLUDE(filename) <emulate/thrust.h>
#endif
