// A sum in one cooperative launch: partial sums per block, grid barrier, one block adds them up. As large as the device holds.
#include <cooperative_groups.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#define CHECK(call)                                                                          \
    do {                                                                                     \
        const cudaError_t status = (call);                                                   \
        if (status != cudaSuccess) {                                                         \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status)); \
            std::exit(1);                                                                    \
        }                                                                                    \
    } while (0)

namespace cg = cooperative_groups;

__global__ void sum(const int *in, int n, long long *partial, long long *out) {
    extern __shared__ long long values[];
    const cg::grid_group grid = cg::this_grid();
    const cg::thread_block block = cg::this_thread_block();
    long long own = 0;
    for (size_t i = grid.thread_rank(); i < n; i += grid.size()) own += in[i];
    values[block.thread_rank()] = own;
    block.sync();
    for (unsigned stride = block.size() / 2; stride > 0; stride /= 2) {
        if (block.thread_rank() < stride) values[block.thread_rank()] += values[block.thread_rank() + stride];
        cg::sync(block);
    }
    if (block.thread_rank() == 0) partial[blockIdx.x] = values[0];
    cg::sync(grid);
    if (grid.thread_rank() == 0) {
        long long total = 0;
        for (unsigned i = 0; i < gridDim.x; ++i) total += partial[i];
        *out = total;
    }
}

int main() {
    int cooperative = 0;
    CHECK(cudaDeviceGetAttribute(&cooperative, cudaDevAttrCooperativeLaunch, 0));
    cudaDeviceProp properties;
    CHECK(cudaGetDeviceProperties(&properties, 0));
    if (!cooperative || !properties.cooperativeLaunch) return 2;
    const int threads = 128, shared = threads * sizeof(long long);
    int n = 100000, per_multiprocessor = 0;
    CHECK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&per_multiprocessor, sum, threads, shared));
    const int blocks = per_multiprocessor * properties.multiProcessorCount;
    std::vector<int> in(n);
    long long want = 0;
    for (int i = 0; i < n; ++i) want += in[i] = (i * 7919) % 1000 - 300;
    int *d_in;
    long long *partial, *out, got;
    CHECK(cudaMalloc(&d_in, n * sizeof(int)));
    CHECK(cudaMalloc(&partial, blocks * sizeof(long long)));
    CHECK(cudaMalloc(&out, sizeof(long long)));
    CHECK(cudaMemcpy(d_in, in.data(), n * sizeof(int), cudaMemcpyHostToDevice));
    void *arguments[] = {&d_in, &n, &partial, &out};
    CHECK(cudaLaunchCooperativeKernel((void *)sum, dim3(blocks), dim3(threads), arguments, shared, 0));
    CHECK(cudaMemcpy(&got, out, sizeof got, cudaMemcpyDeviceToHost));
    if (got != want) return std::fprintf(stderr, "%lld, not %lld\n", got, want), 3;
    // One block more than fit at once.
    if (cudaLaunchCooperativeKernel(sum, dim3(blocks + 1), dim3(threads), arguments, shared) != cudaErrorCooperativeLaunchTooLarge) return 4;
    if (cudaGetLastError() != cudaErrorCooperativeLaunchTooLarge) return 5;
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(partial));
    CHECK(cudaFree(out));
}
