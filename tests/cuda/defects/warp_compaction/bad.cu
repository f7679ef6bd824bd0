// Keeps the positive values: one lane of each warp reserves room for all that its warp keeps.
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
constexpr int kThreads = 128;

__global__ void compact(const int *in, int *out, int *count, int n) {
    __shared__ int bases[kThreads / 32];
    const int i = blockIdx.x * kThreads + threadIdx.x, warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    const int value = i < n ? in[i] : 0;
    const unsigned keep = __ballot_sync(0xffffffffu, value > 0);
    if (lane == 0) bases[warp] = atomicAdd(count, __popc(keep)); // defect: race
    if (value > 0) {
        const int rank = __popc(keep & ((1u << lane) - 1));
        out[bases[warp] + rank] = value; // defect: race
    }
}

int main() {
    const int n = 400;
    std::vector<int> in(n);
    for (int i = 0; i < n; ++i) in[i] = i % 3 - 1;
    int *d_in, *d_out, *d_count, count;
    CHECK(cudaMalloc(&d_in, n * sizeof(int)));
    CHECK(cudaMalloc(&d_out, n * sizeof(int)));
    CHECK(cudaMalloc(&d_count, sizeof(int)));
    CHECK(cudaMemcpy(d_in, in.data(), n * sizeof(int), cudaMemcpyHostToDevice));
    CHECK(cudaMemset(d_count, 0, sizeof(int)));
    compact<<<(n + kThreads - 1) / kThreads, kThreads>>>(d_in, d_out, d_count, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(&count, d_count, sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", count);
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(d_out));
    CHECK(cudaFree(d_count));
}
