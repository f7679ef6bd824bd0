// What nvcc declares by itself and the headers of CCCL (CUB, libcu++) name, read as by a host compiler.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <emulate/library.h>
#include <emulate/math.h>
#include <emulate/warp.h>
#include <emulate/ptx.h>

// g++ makes one type of a lambda, wherever it runs.
#define __nv_is_extended_device_lambda_closure_type(T) false
#define __nv_is_extended_host_device_lambda_closure_type(T) false
#define __nv_is_extended_device_lambda_with_preserved_return_type(T) false

// The built-in variables. In the user's files the rewriter puts values in their place; the headers meet these objects, which
// hold nothing: a component is read where it is converted.
namespace emulate {
template <unsigned (*read)()>
struct Component {
    __attribute__((always_inline)) operator unsigned() const { return read(); }
};
template <class Vector, unsigned (*read_x)(), unsigned (*read_y)(), unsigned (*read_z)()>
struct BuiltIn {
    Component<read_x> x;
    Component<read_y> y;
    Component<read_z> z;
    __attribute__((always_inline)) operator Vector() const { return {read_x(), read_y(), read_z()}; }
};
template <class Vector, unsigned offset>
using OfThread = BuiltIn<Vector, read_thread<offset>, read_thread<offset + 4>, read_thread<offset + 8>>;
template <class Vector, unsigned offset>
using OfBlock = BuiltIn<Vector, read_block<offset>, read_block<offset + 4>, read_block<offset + 8>>;
template <class Vector, unsigned offset>
using OfLaunch = BuiltIn<Vector, read_launch<offset>, read_launch<offset + 4>, read_launch<offset + 8>>;
}  // namespace emulate
inline constexpr ::emulate::OfThread<uint3, ::emulate::layout::thread_index> threadIdx{};
inline constexpr ::emulate::OfBlock<uint3, ::emulate::layout::block_index> blockIdx{};
inline constexpr ::emulate::OfLaunch<dim3, ::emulate::layout::launch_block> blockDim{};
inline constexpr ::emulate::OfLaunch<dim3, ::emulate::layout::launch_grid> gridDim{};

// A barrier of some warps of a block, which has no place here.
inline void __barrier_sync_count(unsigned, unsigned) { ::emulate::ptx::refuse("named barriers"); }
