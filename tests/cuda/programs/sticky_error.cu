// A kernel that reads far outside of all memory loses the device: every later call says so.
// Reports: out_of_bounds.
#include <cstdio>

__global__ void wild(int *p, int *out) { *out = p[threadIdx.x]; }

int main() {
    int *out;
    if (cudaMalloc(&out, sizeof(int)) != cudaSuccess) return 1;
    wild<<<1, 32>>>((int *)0x10, out);
    cudaError_t status = cudaDeviceSynchronize();
    printf("%s\n", cudaGetErrorName(status));
    if (status != cudaErrorIllegalAddress) return 2;
    if (cudaGetLastError() != cudaErrorIllegalAddress) return 3;
    int *other;
    if (cudaMalloc(&other, 4) != cudaErrorIllegalAddress) return 4;
    if (cudaDeviceSynchronize() != cudaErrorIllegalAddress) return 5;
    return 0;
}
