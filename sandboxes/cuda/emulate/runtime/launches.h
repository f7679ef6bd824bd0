// Grids: the configuration of a launch, its limits, and the OS threads that run its blocks.
#pragma once
#include <cuda_runtime_api.h>
#include <emulate/launch.h>

#include <cstdint>

namespace emulate {

// What cudaFuncSetAttribute set for a kernel, by its name's address.
struct KernelSettings {
    size_t max_dynamic_shared = 48 << 10;   // bytes; more must be asked for (programming guide, shared memory)
    int carveout = -1;
};
KernelSettings &settings_of(const Kernel &kernel);

// Asks a kernel what it is.
Kernel kernel_at(const void *function);
// See emulate/library.h.
void configure_library(dim3 grid, dim3 block, size_t dynamic_shared, cudaStream_t stream, const void *frame, bool in_order);

// Puts a kernel node's launch where the graph that is being built keeps it (graphs.h, Recorder).
cudaError_t keep_kernel(const cudaKernelNodeParams &parameters, bool cooperative);

// Whether the grid that runs is to end.
bool grid_abandoned();
// It ends with an error that stays; for use outside of its threads.
void lose_grid(int error);

// OS threads that run blocks: EMULATE_WORKERS, else the cores there are, at most 2; 1 where checking is on.
unsigned worker_count();
unsigned workers_running();
// Whether blocks of the grid that runs wait for others to end before they begin.
bool blocks_not_begun();
uint64_t seed();  // EMULATE_SEED

}  // namespace emulate
