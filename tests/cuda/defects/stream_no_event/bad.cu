// Two kernels in two streams; the second needs what the first one makes.
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
__global__ void produce(float *data, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        data[i] = i; // defect: race
}

__global__ void consume(const float *data, float *out, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        out[i] = data[i] + 1; // defect: race
}

int main() {
    const int n = 300;
    std::vector<float> out(n);
    float *d_data, *d_out;
    CHECK(cudaMalloc(&d_data, n * sizeof(float)));
    CHECK(cudaMalloc(&d_out, n * sizeof(float)));
    cudaStream_t first, second;
    cudaEvent_t produced;
    CHECK(cudaStreamCreate(&first));
    CHECK(cudaStreamCreate(&second));
    CHECK(cudaEventCreate(&produced));
    produce<<<3, 128, 0, first>>>(d_data, n);
    CHECK(cudaEventRecord(produced, first));
    consume<<<3, 128, 0, second>>>(d_data, d_out, n);
    CHECK(cudaGetLastError());
    CHECK(cudaStreamSynchronize(first));
    CHECK(cudaStreamSynchronize(second));
    CHECK(cudaMemcpy(out.data(), d_out, n * sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", out[0]);
    CHECK(cudaEventDestroy(produced));
    CHECK(cudaStreamDestroy(first));
    CHECK(cudaStreamDestroy(second));
    CHECK(cudaFree(d_data));
    CHECK(cudaFree(d_out));
}
