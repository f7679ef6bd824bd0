// A kernel's file and a file for the host compiler, both with headers of libcu++.
#include <cuda/std/array>
#include <cuda/std/span>
#include <cuda/atomic>
#include <cstdio>

int count_below(cuda::std::span<const int> values, int limit);

__global__ void count(cuda::std::span<const int> values, int limit, int *result) {
    const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < values.size() && values[i] < limit) cuda::atomic_ref<int, cuda::thread_scope_device>(*result).fetch_add(1, cuda::memory_order_relaxed);
}

int main() {
    cuda::std::array<int, 301> h{};
    for (int i = 0; i < 301; ++i) h[i] = i * 37 % 101;
    int *d, got;
    cudaMalloc(&d, sizeof h + sizeof(int));
    cudaMemcpy(d, h.data(), sizeof h, cudaMemcpyHostToDevice);
    cudaMemset(d + h.size(), 0, sizeof(int));
    count<<<5, 64>>>({d, h.size()}, 40, d + h.size());
    cudaMemcpy(&got, d + h.size(), sizeof got, cudaMemcpyDeviceToHost);
    cudaFree(d);
    std::printf("%d\n", got);
    return got != count_below({h.data(), h.size()}, 40);
}
