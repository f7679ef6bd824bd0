// The event is recorded before the kernel that the other stream has to wait for.
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
__global__ void generate(unsigned *values, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        values[i] = i * 2654435761u; // defect: race
}

__global__ void largest(const unsigned *values, unsigned *result, int n) {
    for (int i = threadIdx.x; i < n; i += blockDim.x)
        atomicMax(result, values[i]); // defect: race
}

int main() {
    const int n = 400;
    unsigned *d_values, *d_result, result;
    CHECK(cudaMalloc(&d_values, n * sizeof(unsigned)));
    CHECK(cudaMalloc(&d_result, sizeof(unsigned)));
    CHECK(cudaMemset(d_result, 0, sizeof(unsigned)));
    CHECK(cudaDeviceSynchronize());
    cudaStream_t makers, readers;
    cudaEvent_t made;
    CHECK(cudaStreamCreateWithFlags(&makers, cudaStreamNonBlocking));
    CHECK(cudaStreamCreateWithFlags(&readers, cudaStreamNonBlocking));
    CHECK(cudaEventCreateWithFlags(&made, cudaEventDisableTiming));
    CHECK(cudaEventRecord(made, makers));
    generate<<<4, 128, 0, makers>>>(d_values, n);
    CHECK(cudaGetLastError());
    CHECK(cudaStreamWaitEvent(readers, made, 0));
    largest<<<1, 64, 0, readers>>>(d_values, d_result, n);
    CHECK(cudaGetLastError());
    CHECK(cudaDeviceSynchronize());
    CHECK(cudaMemcpy(&result, d_result, sizeof(unsigned), cudaMemcpyDeviceToHost));
    std::printf("%u\n", result);
    CHECK(cudaEventDestroy(made));
    CHECK(cudaStreamDestroy(makers));
    CHECK(cudaStreamDestroy(readers));
    CHECK(cudaFree(d_values));
    CHECK(cudaFree(d_result));
}
