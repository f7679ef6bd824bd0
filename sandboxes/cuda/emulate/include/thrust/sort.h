// With what Thrust's own CUDA system brings along here: programs rely on it, above all on thrust::device.
#pragma once
#include_next <thrust/sort.h>
#include <thrust/execution_policy.h>
#include <thrust/extrema.h>
#include <thrust/sequence.h>
#include <thrust/tabulate.h>
#include <thrust/transform_reduce.h>
#include <thrust/type_traits/integer_sequence.h>
