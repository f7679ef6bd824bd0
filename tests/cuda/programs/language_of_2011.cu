// A program that asks for C++11, which nvcc takes.
// Flags: -std=c++11
#include <cstdio>

template <class T>
__device__ T warp_sum(T value) {
    for (int half = 16; half > 0; half /= 2) value += __shfl_down_sync(0xffffffffu, value, half);
    return value;
}

template <class T>
__global__ void sums(const T *in, T *out) {
    const T total = warp_sum(in[blockIdx.x * 32 + threadIdx.x]);
    if (threadIdx.x == 0) out[blockIdx.x] = total;
}

int main() {
    float host[96], result[3], *in, *out;
    for (int i = 0; i < 96; ++i) host[i] = static_cast<float>(i);
    cudaMalloc(&in, sizeof host);
    cudaMalloc(&out, sizeof result);
    cudaMemcpy(in, host, sizeof host, cudaMemcpyHostToDevice);
    sums<<<3, 32>>>(in, out);
    cudaMemcpy(result, out, sizeof result, cudaMemcpyDeviceToHost);
    cudaFree(in);
    cudaFree(out);
    for (int block = 0; block < 3; ++block) {
        if (result[block] != 32 * 32 * block + 496) {
            std::printf("block %d: %g\n", block, result[block]);
            return 1;
        }
    }
    return 0;
}
