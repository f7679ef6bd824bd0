// Cooperative groups in a program of C++11, which nvcc takes.
// Flags: -std=c++11
#include <cooperative_groups.h>
#include <cstdio>

namespace cg = cooperative_groups;

template <unsigned size>
__device__ int sum(cg::thread_block_tile<size> tile, int value) {
    for (int half = size / 2; half > 0; half /= 2) value += tile.shfl_down(value, half);
    return value;
}

__global__ void sums(int *out) {
    cg::thread_block block = cg::this_thread_block();
    cg::thread_block_tile<16> tile = cg::tiled_partition<16>(block);
    const int total = sum(tile, static_cast<int>(block.thread_rank()));
    if (tile.thread_rank() == 0) out[block.thread_rank() / 16] = total;
}

int main() {
    int *out, host[4];
    cudaMalloc(&out, sizeof host);
    sums<<<1, 64>>>(out);
    cudaMemcpy(host, out, sizeof host, cudaMemcpyDeviceToHost);
    cudaFree(out);
    for (int tile = 0; tile < 4; ++tile) {
        if (host[tile] != 16 * 16 * tile + 120) {
            std::printf("tile %d: %d\n", tile, host[tile]);
            return 1;
        }
    }
    return 0;
}
