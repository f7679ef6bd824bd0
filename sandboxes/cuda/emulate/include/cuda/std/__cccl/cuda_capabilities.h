// The architecture that libcu++ is compiled for: none (see compiler.h).
#pragma once
#pragma push_macro("__CUDA_ARCH__")
#undef __CUDA_ARCH__
#include_next <cuda/std/__cccl/cuda_capabilities.h>
#pragma pop_macro("__CUDA_ARCH__")
