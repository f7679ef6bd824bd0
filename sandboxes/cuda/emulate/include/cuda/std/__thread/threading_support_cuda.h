// How a thread of libcu++ that waits lets others run: one of a kernel is a fiber.
#pragma once
#include <sched.h>
#include <emulate/launch.h>
#include <emulate/device.h>
#include <cuda/std/__chrono/duration.h>
#include <cuda/std/__cccl/prologue.h>

_CCCL_BEGIN_NAMESPACE_CUDA_STD

inline void __cccl_thread_yield() {
    if (::emulate::thread_runs()) ::__nanosleep(0);
    else ::sched_yield();
}
inline void __cccl_thread_sleep_for(::cuda::std::chrono::nanoseconds) { __cccl_thread_yield(); }

_CCCL_END_NAMESPACE_CUDA_STD

#include <cuda/std/__cccl/epilogue.h>
