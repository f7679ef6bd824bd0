// par waits for its stream, before a kernel in another stream goes on.
#include <cstdio>

#include <cuda_runtime.h>
#include <thrust/device_vector.h>
#include <thrust/execution_policy.h>
#include <thrust/fill.h>

__global__ void twice(int *data, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) data[i] *= 2;
}

int main() {
    const int n = 500;
    thrust::device_vector<int> values(n, 1);
    int *raw = thrust::raw_pointer_cast(values.data());
    cudaStream_t one, two;
    cudaStreamCreateWithFlags(&one, cudaStreamNonBlocking);
    cudaStreamCreateWithFlags(&two, cudaStreamNonBlocking);
    thrust::fill(thrust::cuda::par.on(one), values.begin(), values.end(), 3);
    twice<<<2, 256, 0, two>>>(raw, n);
    cudaDeviceSynchronize();
    const bool right = values[0] == 6 && values[n - 1] == 6;
    cudaStreamDestroy(one);
    cudaStreamDestroy(two);
    std::printf(right ? "PASS\n" : "FAIL\n");
    return !right;
}
