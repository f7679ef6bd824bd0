// Numbers of 8 bits: the toolkit's own header as a host compiler sees it, whose conversions are written in C++.
#pragma once
#include <cuda_fp16.h>
#include <cuda_bf16.h>
#pragma push_macro("__CUDACC__")
#pragma push_macro("__CUDA_ARCH__")
#undef __CUDACC__
#undef __CUDA_ARCH__
#include_next <cuda_fp8.h>
#pragma pop_macro("__CUDACC__")
#pragma pop_macro("__CUDA_ARCH__")
