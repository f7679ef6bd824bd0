// Cooperative groups: blocks, static and dynamic tiles, coalesced threads, partitions.
#include <cooperative_groups.h>

#include <cstdio>
#include <cstdlib>

#define CHECK(call)                                                                                  \
    do {                                                                                             \
        cudaError_t status = (call);                                                                 \
        if (status != cudaSuccess) {                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status));         \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

namespace cg = cooperative_groups;

__device__ int reduceSum(cg::thread_group g, int *temp, int val) {
    int lane = g.thread_rank();
    for (int i = g.size() / 2; i > 0; i /= 2) {
        temp[lane] = val;
        g.sync();
        if (lane < i) val += temp[lane + i];
        g.sync();
    }
    return val;
}

template <typename Group>
__device__ int tileSum(Group g, int val) {
    for (int i = g.size() / 2; i > 0; i /= 2) val += g.shfl_down(val, i);
    return val;
}

__global__ void blockSum(int *out) {
    __shared__ int temp[128];
    cg::thread_block block = cg::this_thread_block();
    int sum = reduceSum(block, temp, block.thread_rank());
    if (block.thread_rank() == 0) out[block.group_index().x] = sum;
}

__global__ void tiles(int *out) {
    auto block = cg::this_thread_block();
    auto warp = cg::tiled_partition<32>(block);
    cg::thread_block_tile<4> quad = cg::tiled_partition<4>(block);
    auto inner = cg::tiled_partition<8>(warp);
    int a = tileSum(warp, (int)block.thread_rank());
    int b = tileSum(quad, 1);
    int c = inner.shfl(inner.thread_rank() * 10, 3);
    int d = quad.shfl_xor(quad.thread_rank(), 1);
    bool any = quad.any(quad.thread_rank() == 2), all = quad.all(quad.thread_rank() < 4);
    unsigned ballot = quad.ballot(quad.thread_rank() & 1);
    if (warp.thread_rank() == 0) out[warp.meta_group_rank()] = a;
    if (quad.thread_rank() == 0) atomicAdd(&out[8], b);
    if (c == 30 && any && all && ballot == 0xa && d == (int)(quad.thread_rank() ^ 1)) atomicAdd(&out[9], 1);
    if (block.thread_rank() == 0) out[10] = inner.meta_group_size(), out[11] = warp.meta_group_size();
}

__device__ int atomicAggInc(int *counter) {
    cg::coalesced_group active = cg::coalesced_threads();
    int previous = 0;
    if (active.thread_rank() == 0) previous = atomicAdd(counter, (int)active.size());
    return active.shfl(previous, 0) + active.thread_rank();
}

__global__ void filter(const int *in, int n, int *out, int *count) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n && in[i] % 3 == 0) out[atomicAggInc(count)] = in[i];
}

__global__ void partitions(int *out) {
    auto warp = cg::tiled_partition<32>(cg::this_thread_block());
    auto byLabel = cg::labeled_partition(warp, (int)warp.thread_rank() % 3);
    auto byBool = cg::binary_partition(warp, warp.thread_rank() < 10);
    out[threadIdx.x] = byLabel.size() * 100 + byBool.size();
    cg::thread_group four = cg::tiled_partition(cg::this_thread_block(), 4);
    out[32 + threadIdx.x] = four.size() * 10 + four.thread_rank();
}

int main() {
    int *d, h[64];
    CHECK(cudaMalloc(&d, 4096 * sizeof(int)));
    CHECK(cudaMemset(d, 0, 4096 * sizeof(int)));
    blockSum<<<2, 128>>>(d);
    CHECK(cudaMemcpy(h, d, sizeof h, cudaMemcpyDeviceToHost));
    if (h[0] != 127 * 64 || h[1] != 127 * 64) return 1;

    CHECK(cudaMemset(d, 0, 4096 * sizeof(int)));
    tiles<<<1, 64>>>(d);
    CHECK(cudaMemcpy(h, d, sizeof h, cudaMemcpyDeviceToHost));
    if (h[0] != 31 * 16 || h[1] != 31 * 16 + 32 * 32 || h[8] != 64 || h[9] != 64 || h[10] != 4 || h[11] != 2) return 2;

    int in[1000], *out = d + 1024, *count = d + 4000, found;
    for (int i = 0; i < 1000; ++i) in[i] = i;
    CHECK(cudaMemcpy(d, in, sizeof in, cudaMemcpyHostToDevice));
    CHECK(cudaMemset(count, 0, sizeof(int)));
    filter<<<8, 128>>>(d, 1000, out, count);
    CHECK(cudaMemcpy(&found, count, sizeof(int), cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(in, out, found * sizeof(int), cudaMemcpyDeviceToHost));
    long sum = 0;
    for (int i = 0; i < found; ++i) sum += in[i];
    if (found != 334 || sum != 333L * 334 / 2 * 3) return 3;

    partitions<<<1, 32>>>(d);
    CHECK(cudaMemcpy(h, d, sizeof h, cudaMemcpyDeviceToHost));
    for (int i = 0; i < 32; ++i) {
        if (h[i] != (i % 3 == 2 ? 10 : 11) * 100 + (i < 10 ? 10 : 22)) return 4;
        if (h[32 + i] != 40 + i % 4) return 5;
    }
    cudaFree(d);
    return 0;
}
