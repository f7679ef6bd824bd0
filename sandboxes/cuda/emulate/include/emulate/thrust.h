// In the place of each header of Thrust's CUDA system that defines algorithms: see emulate/thrust/algorithms.h.
#include <thrust/system/cuda/detail/execution_policy.h>
#ifndef EMULATE_THRUST_POLICIES
#include <emulate/thrust/algorithms.h>
#endif
