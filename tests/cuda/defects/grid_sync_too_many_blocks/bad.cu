// More blocks than can be there at once, and nobody looks whether they were.
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
constexpr int kThreads = 64, kBlocks = 4096;

__global__ void turns(int *data, int *out) {
    const cg::grid_group grid = cg::this_grid();
    data[grid.thread_rank()] = static_cast<int>(grid.thread_rank());
    grid.sync();
    out[grid.thread_rank()] = data[grid.size() - 1 - grid.thread_rank()];
}

int main() {
    const int n = kBlocks * kThreads;
    std::vector<int> got(n);
    int *data, *out;
    CHECK(cudaMalloc(&data, n * sizeof(int)));
    CHECK(cudaMalloc(&out, n * sizeof(int)));
    void *arguments[] = {&data, &out};
    cudaLaunchCooperativeKernel((void *)turns, kBlocks, kThreads, arguments, 0, 0);  // defect: invalid_launch
    CHECK(cudaMemcpy(got.data(), out, n * sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", got[0]);
    CHECK(cudaFree(data));
    CHECK(cudaFree(out));
}
