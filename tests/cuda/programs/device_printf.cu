// printf in device code, in every kind of format.
#include <cstdio>

__global__ void hello(float f, long long big) {
    if (threadIdx.x == 0) printf("Hello from block %d of %d\n", blockIdx.x, gridDim.x);
    __syncthreads();
    if (threadIdx.x == blockDim.x - 1)
        printf("%5d|%-5u|%05x|%c|%s|%8.3f|%e|%g|%lld|%llu|%p|%%\n", (int)threadIdx.x, 7u, 255u, 'z', "text", f, (double)f, f, big, (unsigned long long)big, (void *)0);
}

int main() {
    hello<<<2, 32>>>(3.14159f, 1ll << 40);
    cudaError_t status = cudaDeviceSynchronize();
    fflush(stdout);
    return status;
}
