// What nvcc says of itself. __CUDA_ARCH__ is for the device's side alone; build.py joins the two where they differ.
#pragma once
#define __CUDACC__ 1
#define __NVCC__ 1
#define __CUDACC_VER_MAJOR__ 13
#define __CUDACC_VER_MINOR__ 5
#define __CUDACC_VER_BUILD__ 37
#ifndef EMULATE_HOST_SIDE
#define __CUDA_ARCH__ EMULATE_ARCH
#endif
#define __CUDA_ARCH_LIST__ EMULATE_ARCH
#define __CUDACC_EXTENDED_LAMBDA__ 1
#define __CUDACC_RELAXED_CONSTEXPR__ 1
#undef __noinline__
