// Raw kernels and algorithms on the same memory, ordered by streams and an event; thrust::cuda::par and par_nosync.
#include <cstdio>

#include <cuda_runtime.h>
#include <thrust/device_ptr.h>
#include <thrust/device_vector.h>
#include <thrust/execution_policy.h>
#include <thrust/fill.h>
#include <thrust/reduce.h>
#include <thrust/scan.h>
#include <thrust/sort.h>
#include <thrust/transform.h>

__global__ void scale(float *data, int n, float factor) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) data[i] *= factor;
}

struct Add {
    float value;
    __device__ float operator()(float x) const { return x + value; }
};

int main() {
    const int n = 3000;
    cudaStream_t one, two;
    cudaStreamCreate(&one);
    cudaStreamCreateWithFlags(&two, cudaStreamNonBlocking);
    cudaEvent_t filled;
    cudaEventCreate(&filled);

    float *raw;
    cudaMalloc(&raw, n * sizeof *raw);
    thrust::device_ptr<float> pointer(raw);
    thrust::fill(thrust::cuda::par_nosync.on(one), pointer, pointer + n, 2.0f);
    scale<<<(n + 127) / 128, 128, 0, one>>>(raw, n, 3.0f);
    cudaEventRecord(filled, one);
    cudaStreamWaitEvent(two, filled, 0);
    thrust::transform(thrust::cuda::par.on(two), raw, raw + n, raw, Add{1.0f});
    const float sum = thrust::reduce(thrust::cuda::par.on(two), raw, raw + n, 0.0f);

    thrust::device_vector<float> vector(pointer, pointer + n);
    scale<<<(n + 127) / 128, 128>>>(thrust::raw_pointer_cast(vector.data()), n, 2.0f);
    thrust::inclusive_scan(thrust::device, raw, raw + n, raw);
    thrust::sort(thrust::cuda::par_nosync.on(one), raw, raw + n, thrust::greater<float>());
    cudaStreamSynchronize(one);

    int wrong = sum != 7.0f * n;
    float host[n];
    cudaMemcpy(host, raw, sizeof host, cudaMemcpyDeviceToHost);
    for (int i = 0; i < n; ++i) wrong += host[i] != 7.0f * (n - i) || vector[i] != 14.0f;
    *pointer = 5;
    pointer[1] = *pointer + 1;
    cudaMemcpy(host, raw, 2 * sizeof *host, cudaMemcpyDeviceToHost);
    wrong += host[0] != 5 || host[1] != 6;
    cudaFree(raw);
    cudaEventDestroy(filled);
    cudaStreamDestroy(one);
    cudaStreamDestroy(two);
    wrong += cudaGetLastError() != cudaSuccess;
    std::printf(wrong ? "FAIL %d\n" : "PASS\n", wrong);
    return wrong != 0;
}
