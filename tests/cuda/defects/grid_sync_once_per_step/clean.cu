// Steps of a stencil with a copy back, whose end the grid does not wait for.
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

__global__ void smooth(float *a, float *b, int n, int steps) {
    const cg::grid_group grid = cg::this_grid();
    const int i = static_cast<int>(grid.thread_rank());
    for (int step = 0; step < steps; ++step) {
        b[i] = (a[i > 0 ? i - 1 : i] + a[i] + a[i + 1 < n ? i + 1 : i]) / 3;
        grid.sync();
        a[i] = b[i];
        grid.sync();
    }
}

int main() {
    const int n = kBlocks * kThreads;
    std::vector<float> a(n);
    for (int i = 0; i < n; ++i) a[i] = i % 10;
    int count = n, steps = 4;
    float *d_a, *d_b;
    CHECK(cudaMalloc(&d_a, n * sizeof(float)));
    CHECK(cudaMalloc(&d_b, n * sizeof(float)));
    CHECK(cudaMemcpy(d_a, a.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    void *arguments[] = {&d_a, &d_b, &count, &steps};
    CHECK(cudaLaunchCooperativeKernel((void *)smooth, kBlocks, kThreads, arguments, 0, 0));
    CHECK(cudaMemcpy(a.data(), d_a, n * sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", a[n / 2]);
    CHECK(cudaFree(d_a));
    CHECK(cudaFree(d_b));
}
