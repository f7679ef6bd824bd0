// What groups are whole blocks or warps to cuda::memcpy_async: libcu++ declares them as the toolkit's cooperative_groups.h
// has them; the emulation's own lie in another namespace.
#pragma once
#ifdef EMULATE_DEVICE_CODE
#include <cooperative_groups.h>
#include <cuda/std/detail/__config>
#include <cuda/std/__cccl/prologue.h>

_CCCL_BEGIN_NAMESPACE_CUDA

template <class Group>
inline constexpr bool is_thread_block_group_v = false;
template <>
inline constexpr bool is_thread_block_group_v<::cooperative_groups::thread_block> = true;

template <class Group>
inline constexpr bool is_warp_group_v = false;
template <class Parent>
inline constexpr bool is_warp_group_v<::cooperative_groups::thread_block_tile<32, Parent>> = true;

_CCCL_END_NAMESPACE_CUDA

#include <cuda/std/__cccl/epilogue.h>
#else
#include_next <cuda/__memcpy_async/group_traits.h>
#endif
