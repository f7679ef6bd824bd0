// What the runtime says of calls that are wrong, and for how long.
// Reports: out_of_bounds, invalid_free.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#define EXPECT(condition)                                          \
    do {                                                           \
        if (!(condition)) {                                        \
            printf("line %d: %s\n", __LINE__, #condition);         \
            exit(1);                                               \
        }                                                          \
    } while (0)

__global__ void nothing() {}
__global__ void __launch_bounds__(128) bounded(int *x) { x[threadIdx.x] = 1; }
__global__ void dynamicShared(int *x) {
    extern __shared__ int s[];
    s[threadIdx.x] = threadIdx.x;
    *x = s[threadIdx.x];
}

int main() {
    EXPECT(cudaGetLastError() == cudaSuccess);
    nothing<<<1, 1025>>>();
    EXPECT(cudaPeekAtLastError() == cudaErrorInvalidConfiguration);
    EXPECT(cudaGetLastError() == cudaErrorInvalidConfiguration);
    EXPECT(cudaGetLastError() == cudaSuccess);
    nothing<<<0, 1>>>();
    EXPECT(cudaGetLastError() == cudaErrorInvalidConfiguration);
    nothing<<<dim3(1, 65536), 1>>>();
    EXPECT(cudaGetLastError() == cudaErrorInvalidConfiguration);
    nothing<<<1, dim3(1, 1, 65)>>>();
    EXPECT(cudaGetLastError() == cudaErrorInvalidConfiguration);

    int *d = nullptr, h[4] = {};
    EXPECT(cudaMalloc(&d, (size_t)1 << 50) == cudaErrorMemoryAllocation);
    EXPECT(cudaGetLastError() == cudaErrorMemoryAllocation);
    EXPECT(cudaMalloc(&d, 1024 * sizeof(int)) == cudaSuccess);
    EXPECT(cudaMemcpy(d, h, sizeof h, (cudaMemcpyKind)77) == cudaErrorInvalidMemcpyDirection);
    EXPECT(cudaMemcpy(nullptr, h, sizeof h, cudaMemcpyHostToDevice) == cudaErrorInvalidValue);
    EXPECT(cudaMemset(d, 0, 1 << 30) == cudaErrorInvalidValue);
    EXPECT(cudaGetLastError() == cudaErrorInvalidValue);
    EXPECT(cudaSetDevice(99) == cudaErrorInvalidDevice);
    EXPECT(cudaFree((char *)d + 4) != cudaSuccess);
    EXPECT(cudaFree(nullptr) == cudaSuccess);
    cudaGetLastError();

    bounded<<<1, 256>>>(d);
    EXPECT(cudaGetLastError() != cudaSuccess);
    bounded<<<1, 128>>>(d);
    EXPECT(cudaGetLastError() == cudaSuccess);
    dynamicShared<<<1, 32, 60 << 10>>>(d);
    EXPECT(cudaGetLastError() == cudaErrorInvalidValue);
    EXPECT(cudaFuncSetAttribute(dynamicShared, cudaFuncAttributeMaxDynamicSharedMemorySize, 60 << 10) == cudaSuccess);
    dynamicShared<<<1, 1, 60 << 10>>>(d);
    EXPECT(cudaGetLastError() == cudaSuccess);
    EXPECT(cudaFuncSetAttribute(dynamicShared, cudaFuncAttributeMaxDynamicSharedMemorySize, 300 << 10) == cudaErrorInvalidValue);
    cudaGetLastError();
    EXPECT(cudaDeviceSynchronize() == cudaSuccess);

    EXPECT(strcmp(cudaGetErrorName(cudaErrorInvalidValue), "cudaErrorInvalidValue") == 0);
    EXPECT(strcmp(cudaGetErrorString(cudaErrorInvalidValue), "invalid argument") == 0);
    EXPECT(strcmp(cudaGetErrorString(cudaErrorMemoryAllocation), "out of memory") == 0);
    EXPECT(cudaFree(d) == cudaSuccess);
    return 0;
}
