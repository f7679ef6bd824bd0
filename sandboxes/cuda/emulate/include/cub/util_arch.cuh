// Which architecture's tuning CUB's kernels take: as the host's side of CUB does, the one that it is compiled for. A host compiler
// that is no clang would take none.
#pragma once
#ifdef EMULATE_DEVICE_CODE
#include <cub/config.cuh>
#include <cub/detail/detect_cuda_runtime.cuh>
#include <cuda/__cmath/ceil_div.h>
#include <cuda/__cmath/round_up.h>
#include <cuda/__device/compute_capability.h>
#include <cuda/std/__algorithm/clamp.h>
#include <cuda/std/__algorithm/max.h>
#include <cuda/std/__algorithm/min.h>
#pragma push_macro("_CCCL_CUDA_COMPILER_CLANG")
#undef _CCCL_CUDA_COMPILER_CLANG
#define _CCCL_CUDA_COMPILER_CLANG() (22, 0)
#include_next <cub/util_arch.cuh>
#pragma pop_macro("_CCCL_CUDA_COMPILER_CLANG")
#else
#include_next <cub/util_arch.cuh>
#endif
