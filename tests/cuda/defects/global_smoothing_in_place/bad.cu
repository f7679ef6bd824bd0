// Smooths a signal; each thread needs its neighbours, which may belong to other blocks.
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
__global__ void smooth(float *signal, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    float value = 0;
    if (i > 0 && i < n - 1)
        value = (signal[i - 1] + signal[i] + signal[i + 1]) / 3; // defect: race
    else if (i < n)
        value = signal[i];
    __syncthreads();
    if (i < n)
        signal[i] = value; // defect: race
}

int main() {
    const int n = 600;
    std::vector<float> signal(n);
    for (int i = 0; i < n; ++i) signal[i] = i % 10;
    float *d_signal;
    CHECK(cudaMalloc(&d_signal, n * sizeof(float)));
    CHECK(cudaMemcpy(d_signal, signal.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    smooth<<<(n + 127) / 128, 128>>>(d_signal, n);
    float *d_out = d_signal;
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(signal.data(), d_out, n * sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", signal[1]);
    CHECK(cudaFree(d_signal));
}
