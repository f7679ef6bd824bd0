// A sum of partial sums, for which nobody waits.
#include <cooperative_groups.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#define CHECK(call)                                                              \
    do {                                                                         \
        const cudaError_t status = (call);                                       \
        if (status != cudaSuccess) {                                             \
            std::fprintf(stderr, "%s: %s\n", #call, cudaGetErrorString(status)); \
            std::exit(1);                                                        \
        }                                                                        \
    } while (0)
namespace cg = cooperative_groups;
constexpr int kThreads = 64, kBlocks = 6;

__global__ void sum(const int *in, int *partial, int *out) {
    __shared__ int values[kThreads];
    const cg::grid_group grid = cg::this_grid();
    const int t = threadIdx.x;
    values[t] = in[grid.thread_rank()];
    __syncthreads();
    for (int stride = kThreads / 2; stride > 0; stride /= 2) {
        if (t < stride) values[t] += values[t + stride];
        __syncthreads();
    }
    if (t == 0) partial[blockIdx.x] = values[0];
    grid.sync();
    if (grid.thread_rank() == 0) {
        int total = 0;
        for (int i = 0; i < kBlocks; ++i) total += partial[i];
        *out = total;
    }
}

int main() {
    const int n = kBlocks * kThreads;
    std::vector<int> in(n, 2);
    int *d_in, *partial, *out, got;
    CHECK(cudaMalloc(&d_in, n * sizeof(int)));
    CHECK(cudaMalloc(&partial, kBlocks * sizeof(int)));
    CHECK(cudaMalloc(&out, sizeof(int)));
    CHECK(cudaMemset(partial, 0, kBlocks * sizeof(int)));
    CHECK(cudaMemcpy(d_in, in.data(), n * sizeof(int), cudaMemcpyHostToDevice));
    void *arguments[] = {&d_in, &partial, &out};
    CHECK(cudaLaunchCooperativeKernel(sum, kBlocks, kThreads, arguments));
    CHECK(cudaMemcpy(&got, out, sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", got);
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(partial));
    CHECK(cudaFree(out));
}
