// Scan of many blocks in one launch: each block waits for the running total of the one before it.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <cuda_runtime.h>

#define CHECK(call)                                                              \
    do {                                                                         \
        const cudaError_t status = (call);                                       \
        if (status != cudaSuccess) {                                             \
            std::fprintf(stderr, "%s: %s\n", #call, cudaGetErrorString(status)); \
            std::exit(1);                                                        \
        }                                                                        \
    } while (0)
constexpr int kThreads = 64;
__device__ unsigned next_part;

__global__ void scan(const int *in, int *out, int *totals, volatile int *ready, int n) {
    __shared__ int sums[kThreads];
    __shared__ int part, before;
    const int t = threadIdx.x;
    if (t == 0) part = atomicAdd(&next_part, 1u);
    __syncthreads();
    const int i = part * kThreads + t;
    sums[t] = i < n ? in[i] : 0;
    __syncthreads();
    for (int offset = 1; offset < kThreads; offset *= 2) {
        const int value = t >= offset ? sums[t - offset] : 0;
        __syncthreads();
        sums[t] += value;
        __syncthreads();
    }
    if (t == 0) {
        before = 0;
        if (part > 0) {
            while (ready[part - 1] == 0) {
            }
            __threadfence();
            before = totals[part - 1];
        }
        totals[part] = before + sums[kThreads - 1];
        __threadfence();
        ready[part] = 1;
    }
    __syncthreads();
    if (i < n) out[i] = before + sums[t];
}

int main() {
    const int n = 500, parts = (n + kThreads - 1) / kThreads;
    std::vector<int> in(n, 1), out(n);
    int *d_in, *d_out, *d_totals, *d_ready;
    CHECK(cudaMalloc(&d_in, n * sizeof(int)));
    CHECK(cudaMalloc(&d_out, n * sizeof(int)));
    CHECK(cudaMalloc(&d_totals, parts * sizeof(int)));
    CHECK(cudaMalloc(&d_ready, parts * sizeof(int)));
    CHECK(cudaMemcpy(d_in, in.data(), n * sizeof(int), cudaMemcpyHostToDevice));
    CHECK(cudaMemset(d_ready, 0, parts * sizeof(int)));
    scan<<<parts, kThreads>>>(d_in, d_out, d_totals, d_ready, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(out.data(), d_out, n * sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", out[n - 1]);
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(d_out));
    CHECK(cudaFree(d_totals));
    CHECK(cudaFree(d_ready));
}
