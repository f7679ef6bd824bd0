// Stands in for the header of that name: what kernels of mmcv need of it, without torch.
#pragma once
#include <assert.h>
#include <cuda_runtime.h>
#include <float.h>
#include <stdint.h>

#include "common_cuda_helper.hpp"

#define DIVUP(m, n) ((m) / (n) + ((m) % (n) > 0))
