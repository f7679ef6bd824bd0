// cuRAND's device functions: the library's own headers, as nvcc's device side sees them, but for the instructions in them.
// What is a table or arithmetic there is the same here, so the numbers are the device's; what is computed from them with
// logf or __sincosf is as near as those functions are.
#pragma once
#include <cuda_runtime.h>
#ifndef EMULATE_DEVICE_CODE
#include_next <curand_kernel.h>
#else
#include <nv/target>

// Where a branch for the device is in PTX, there is one in C++: for devices before 6.1, and in curand_poisson.h, which tells of
// itself by its include guard (defined as nothing), for the host. The former give the same numbers; the latter compute
// exactly what the device approximates (rsqrt, ex2, lg2 and rcp of a float).
#pragma push_macro("NV_IF_TARGET")
#pragma push_macro("NV_IF_ELSE_TARGET")
#undef NV_IF_TARGET
#undef NV_IF_ELSE_TARGET
#define EMULATE_PASTE_(a, b) a##b
#define EMULATE_PASTE(a, b) EMULATE_PASTE_(a, b)
#define EMULATE_IF_1(yes, ...) { yes }
#define EMULATE_IF_0(yes, ...) { __VA_ARGS__ }
#define EMULATE_GUARD_(word) EMULATE_GUARDED_##word
#define EMULATE_GUARD(word) EMULATE_GUARD_(word)
#define EMULATE_GUARDED_CURAND_POISSON_H_ 1
#define EMULATE_GUARDED_ 0
#define EMULATE_IN_NV_IS_DEVICE EMULATE_GUARD(CURAND_POISSON_H_)
#define EMULATE_IN_NV_IS_HOST 0
#define EMULATE_IN_NV_PROVIDES_SM_35 0
#define EMULATE_IN_NV_PROVIDES_SM_61 0
#define NV_IF_ELSE_TARGET(condition, ...) EMULATE_PASTE(EMULATE_IF_, EMULATE_IN_##condition)(__VA_ARGS__)
#define NV_IF_TARGET(condition, ...) EMULATE_PASTE(EMULATE_IF_, EMULATE_IN_##condition)(__VA_ARGS__, )

// The rewriter does not see these headers.
#pragma push_macro("threadIdx")
#pragma push_macro("blockDim")
#define threadIdx (::emulate::thread_index())
#define blockDim (::emulate::block_size())
#pragma push_macro("__constant__")
#define __constant__

// One call for each step of curand_init's way to a subsequence reads hundreds of words of a table that nobody writes. That is
// not checked: it would take most of a program's time. The state itself is written by curand_init in the checker's sight.
#define __curand_matvec_inplace(a, b)                                      \
    __curand_matvec_inplace(a, b) { emulate_multiply<N>(vector, matrix); } \
    template <int N>                                                       \
    __attribute__((noinline, no_sanitize("thread"))) void emulate_multiply(a, b)
template <int N>
void emulate_multiply(unsigned *vector, unsigned *matrix);

#include_next <curand_kernel.h>

#undef __curand_matvec_inplace
#pragma pop_macro("__constant__")
#pragma pop_macro("threadIdx")
#pragma pop_macro("blockDim")
#pragma pop_macro("NV_IF_TARGET")
#pragma pop_macro("NV_IF_ELSE_TARGET")
#undef EMULATE_PASTE_
#undef EMULATE_PASTE
#undef EMULATE_IF_1
#undef EMULATE_IF_0
#undef EMULATE_IN_NV_IS_DEVICE
#undef EMULATE_GUARD_
#undef EMULATE_GUARD
#undef EMULATE_GUARDED_CURAND_POISSON_H_
#undef EMULATE_GUARDED_
#undef EMULATE_IN_NV_IS_HOST
#undef EMULATE_IN_NV_PROVIDES_SM_35
#undef EMULATE_IN_NV_PROVIDES_SM_61
#endif
