// libcu++ asks here, once, which compiler it is read by and whether for the device. One program of g++ is both sides here: it
// is told of a host compiler, and then says in C++ what it says in PTX elsewhere (its atomics are __atomic builtins).
#pragma once
#ifdef EMULATE_DEVICE_CODE
#include <emulate/cccl.h>
#pragma push_macro("__CUDA_ARCH__")
#undef __CUDA_ARCH__
#include_next <cuda/std/__cccl/compiler.h>
#pragma pop_macro("__CUDA_ARCH__")
// These types are not emulated, and libcu++ would read their headers for every program.
#define CCCL_DISABLE_NVFP8_SUPPORT
// Ranges for a profiler: static variables in every algorithm, which the threads of a kernel would make.
#ifndef CCCL_DISABLE_NVTX
#define CCCL_DISABLE_NVTX
#endif
// Loops that are unrolled make no emulation faster, and long to compile.
#undef _CCCL_PRAGMA_UNROLL
#undef _CCCL_PRAGMA_UNROLL_FULL
#define _CCCL_PRAGMA_UNROLL(times)
#define _CCCL_PRAGMA_UNROLL_FULL()
// See cuda/std/__thread/threading_support_cuda.h.
#define _CCCL_HAS_THREAD_API_CUDA
#else
#include_next <cuda/std/__cccl/compiler.h>
#endif
