// The last block to finish adds up what the others left; cuda::atomic counts them.
#include <cuda/atomic>
#include <cstdio>

using Counter = cuda::atomic<unsigned, cuda::thread_scope_device>;

__global__ void sum(const int *in, int *partial, Counter *finished, int *result) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (threadIdx.x != 0) return;
    int mine = 0;
    for (unsigned k = 0; k < blockDim.x; ++k) mine += in[i + k];
    partial[blockIdx.x] = mine;
    if (finished->fetch_add(1, cuda::memory_order_relaxed) == gridDim.x - 1) {
        int all = 0;
        for (unsigned b = 0; b < gridDim.x; ++b) all += partial[b];  // defect: race
        *result = all;
    }
}

int main() {
    constexpr int blocks = 6, threads = 32, n = blocks * threads;
    int h[n], *in, *partial, want = 0, got;
    Counter *finished;
    for (int i = 0; i < n; ++i) h[i] = i % 13, want += h[i];
    cudaMalloc(&in, sizeof h), cudaMalloc(&partial, (blocks + 1) * sizeof(int)), cudaMalloc(&finished, sizeof(Counter));
    cudaMemcpy(in, h, sizeof h, cudaMemcpyHostToDevice), cudaMemset(finished, 0, sizeof(Counter));
    sum<<<blocks, threads>>>(in, partial, finished, partial + blocks);
    cudaMemcpy(&got, partial + blocks, sizeof got, cudaMemcpyDeviceToHost);
    cudaFree(in), cudaFree(partial), cudaFree(finished);
    std::printf("%d\n", got == want);
    return got != want;
}
