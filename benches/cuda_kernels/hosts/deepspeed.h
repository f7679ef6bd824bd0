// Stands in for DeepSpeed's headers, which bring cuBLAS and cuRAND: the constants that its kernels use
// (custom_cuda_layers.h, context.h, general_kernels.h), and a declaration.
#pragma once
#include <cooperative_groups.h>
#include <cuda_runtime.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#define MAX_THREADS 1024
#define MAX_THREAD_ITERATIONS 8
#define MAX_WARP_NUM 32
#define MAX_REGISTERS 256
#define WARP_SIZE 32
#define WARP_SIZE_BITS 5
#define minus_infinity (-INFINITY)

template <class T>
void launch_attn_softmax(T *, const T *, int, int, int, cudaStream_t);
