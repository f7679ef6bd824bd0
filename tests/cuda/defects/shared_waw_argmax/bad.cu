// Index of the largest value of each block: every warp leader offers its candidate.
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
constexpr int kThreads = 256;

__global__ void argmax(const float *in, int *best, int n) {
    __shared__ float values[kThreads];
    __shared__ int winner;
    const int t = threadIdx.x, i = blockIdx.x * kThreads + t;
    values[t] = i < n ? in[i] : -1e30f;
    __syncthreads();
    if (t % 32 == 0) {
        int index = t;
        for (int k = t + 1; k < t + 32; ++k)
            if (values[k] > values[index]) index = k;
        winner = index; // defect: race
    }
    __syncthreads();
    if (t == 0) best[blockIdx.x] = winner;
}

int main() {
    const int n = 512, blocks = n / kThreads;
    std::vector<float> in(n);
    for (int i = 0; i < n; ++i) in[i] = (i * 37) % 101;
    std::vector<int> best(blocks);
    float *d_in;
    int *d_best;
    CHECK(cudaMalloc(&d_in, n * sizeof(float)));
    CHECK(cudaMalloc(&d_best, blocks * sizeof(int)));
    CHECK(cudaMemcpy(d_in, in.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    argmax<<<blocks, kThreads>>>(d_in, d_best, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(best.data(), d_best, blocks * sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", best[0]);
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(d_best));
}
