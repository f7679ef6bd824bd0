// A reduction in one launch: the last block to finish adds up what all blocks left.
#include <cstdio>
#include <cstdlib>
#include <vector>

#define CHECK(call)                                                                                  \
    do {                                                                                             \
        cudaError_t status = (call);                                                                 \
        if (status != cudaSuccess) {                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status));         \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

__device__ unsigned int count = 0;
__shared__ bool isLastBlockDone;

__device__ float partialSum(const float *array, int n) {
    __shared__ float s[128];
    float v = 0;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) v += array[i];
    s[threadIdx.x] = v;
    __syncthreads();
    for (int k = blockDim.x / 2; k > 0; k >>= 1) {
        if (threadIdx.x < k) s[threadIdx.x] += s[threadIdx.x + k];
        __syncthreads();
    }
    return s[0];
}

__global__ void sum(const float *array, int n, volatile float *result) {
    float partial = partialSum(array, n);
    if (threadIdx.x == 0) {
        result[blockIdx.x] = partial;
        __threadfence();
        unsigned int value = atomicInc(&count, gridDim.x);
        isLastBlockDone = (value == (gridDim.x - 1));
    }
    __syncthreads();
    if (isLastBlockDone && threadIdx.x == 0) {
        float total = 0;
        for (int i = 0; i < gridDim.x; ++i) total += result[i];
        result[0] = total;
        count = 0;
    }
}

int main() {
    const int n = 10000;
    std::vector<float> h(n);
    double want = 0;
    for (int i = 0; i < n; ++i) want += h[i] = (i % 17) * 0.25f;
    float *a, *r, got;
    CHECK(cudaMalloc(&a, n * sizeof(float)));
    CHECK(cudaMalloc(&r, 16 * sizeof(float)));
    CHECK(cudaMemcpy(a, h.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    for (int round = 0; round < 3; ++round) {
        sum<<<16, 128>>>(a, n, r);
        CHECK(cudaMemcpy(&got, r, sizeof(float), cudaMemcpyDeviceToHost));
        if (got != (float)want) return 1;
    }
    return 0;
}
