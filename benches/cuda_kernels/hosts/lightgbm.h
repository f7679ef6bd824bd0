// Stands in for LightGBM's own headers: the types and constants of theirs that its kernels use (meta.h, cuda_utils.hu).
#pragma once
#include <cuda_runtime.h>
#include <stdint.h>

#include <algorithm>
#include <cmath>

#define WARPSIZE 32

namespace LightGBM {
typedef int32_t data_size_t;
typedef float label_t;
typedef float score_t;
const double kEpsilon = 1e-15f;
}  // namespace LightGBM
