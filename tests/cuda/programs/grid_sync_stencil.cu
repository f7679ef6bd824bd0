// Many steps of a stencil in one launch, a grid barrier between them; static shared memory and registers live through the
// barriers, and threads behind the end have left. Launched by cudaLaunchKernelEx.
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

constexpr int kThreads = 64;

__global__ void steps(int *a, int *b, int n, int count, int *checks, int *valid) {
    __shared__ int mine[kThreads];
    const auto grid = cooperative_groups::this_grid();
    const int i = static_cast<int>(grid.thread_rank()), t = threadIdx.x;
    if (i == 0) *valid = grid.is_valid();
    mine[t] = 0;
    for (int step = 0; step < count; ++step) {
        if (i < n) {
            const int left = i > 0 ? a[i - 1] : 0, right = i + 1 < n ? a[i + 1] : 0;
            b[i] = (left + 2 * a[i] + right) % 1009;
            mine[t] += b[i];
        }
        grid.sync();
        int *const swap = a;
        a = b;
        b = swap;
    }
    __syncthreads();
    if (i < n) checks[i] = mine[kThreads - 1 - t];   // of the thread opposite, if it lies within
}

__global__ void alone(int *valid) { *valid = cooperative_groups::this_grid().is_valid(); }

int main() {
    const int blocks = 7, n = blocks * kThreads - 10, count = 9;
    std::vector<int> a(n), b(n), sums(blocks * kThreads);
    for (int i = 0; i < n; ++i) a[i] = i * i % 97;
    int *d_a, *d_b, *checks, *valid;
    CHECK(cudaMalloc(&d_a, n * sizeof(int)));
    CHECK(cudaMalloc(&d_b, n * sizeof(int)));
    CHECK(cudaMalloc(&checks, n * sizeof(int)));
    CHECK(cudaMallocManaged(&valid, sizeof(int)));
    CHECK(cudaMemcpy(d_a, a.data(), n * sizeof(int), cudaMemcpyHostToDevice));
    cudaLaunchAttribute attribute = {};
    attribute.id = cudaLaunchAttributeCooperative;
    attribute.val.cooperative = 1;
    cudaLaunchConfig_t config = {};
    config.gridDim = blocks;
    config.blockDim = kThreads;
    config.attrs = &attribute;
    config.numAttrs = 1;
    CHECK(cudaLaunchKernelEx(&config, steps, d_a, d_b, n, count, checks, valid));
    CHECK(cudaDeviceSynchronize());
    if (*valid != 1) return 2;
    for (int step = 0; step < count; ++step) {
        for (int i = 0; i < n; ++i) {
            b[i] = ((i > 0 ? a[i - 1] : 0) + 2 * a[i] + (i + 1 < n ? a[i + 1] : 0)) % 1009;
            sums[i] += b[i];
        }
        a.swap(b);
    }
    std::vector<int> got(n), got_checks(n);
    CHECK(cudaMemcpy(got.data(), count % 2 ? d_b : d_a, n * sizeof(int), cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(got_checks.data(), checks, n * sizeof(int), cudaMemcpyDeviceToHost));
    for (int i = 0; i < n; ++i) {
        if (got[i] != a[i]) return 3;
        if (got_checks[i] != sums[i / kThreads * kThreads + kThreads - 1 - i % kThreads]) return 4;
    }
    alone<<<1, 1>>>(valid);
    CHECK(cudaDeviceSynchronize());
    if (*valid != 0) return 5;
    CHECK(cudaFree(d_a));
    CHECK(cudaFree(d_b));
    CHECK(cudaFree(checks));
    CHECK(cudaFree(valid));
}
