// A failed assertion ends the kernel with an error of its own.
// Reports: device_assert.
#include <cassert>
#include <cstdio>

__global__ void positive(const int *x, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) assert(x[i] >= 0 && "all are positive");
}

int main() {
    int h[64], *d;
    for (int i = 0; i < 64; ++i) h[i] = i;
    cudaMalloc(&d, sizeof h);
    cudaMemcpy(d, h, sizeof h, cudaMemcpyHostToDevice);
    positive<<<2, 32>>>(d, 64);
    if (cudaDeviceSynchronize() != cudaSuccess) return 1;
    h[40] = -1;
    cudaMemcpy(d, h, sizeof h, cudaMemcpyHostToDevice);
    positive<<<2, 32>>>(d, 64);
    return cudaDeviceSynchronize() == cudaErrorAssert ? 0 : 2;
}
