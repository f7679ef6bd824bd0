// What the device says of itself, and the occupancy functions.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#define CHECK(call)                                                                                  \
    do {                                                                                             \
        cudaError_t status = (call);                                                                 \
        if (status != cudaSuccess) {                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status));         \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

__global__ void __launch_bounds__(256) kernel(float *x, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) x[i] += 1;
}
__global__ void dynamic(float *x) {
    extern __shared__ float s[];
    s[threadIdx.x] = x[threadIdx.x];
}

int main() {
    int count = 0, device = -1, value;
    CHECK(cudaGetDeviceCount(&count));
    CHECK(cudaSetDevice(0));
    CHECK(cudaGetDevice(&device));
    if (count < 1 || device != 0) return 1;
    cudaDeviceProp prop;
    CHECK(cudaGetDeviceProperties(&prop, 0));
    printf("%s: %d.%d, %d multiprocessors, %zu bytes\n", prop.name, prop.major, prop.minor, prop.multiProcessorCount, prop.totalGlobalMem);
    if (prop.warpSize != 32 || prop.maxThreadsPerBlock != 1024 || prop.maxThreadsDim[2] != 64 || prop.maxGridSize[1] != 65535) return 2;
    if (prop.sharedMemPerBlock != 48 << 10 || prop.totalConstMem != 64 << 10 || prop.regsPerBlock != 65536) return 3;
    CHECK(cudaDeviceGetAttribute(&value, cudaDevAttrMultiProcessorCount, 0));
    if (value != prop.multiProcessorCount) return 4;
    CHECK(cudaDeviceGetAttribute(&value, cudaDevAttrComputeCapabilityMajor, 0));
    if (value != prop.major) return 5;
    size_t free, total;
    CHECK(cudaMemGetInfo(&free, &total));
    if (free > total || total == 0) return 6;

    int minGrid, block;
    CHECK(cudaOccupancyMaxPotentialBlockSize(&minGrid, &block, kernel, 0, 0));
    if (block != 256 || minGrid < prop.multiProcessorCount) return 7;
    int blocks;
    CHECK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel, 256, 0));
    if (blocks < 1 || blocks * 256 > prop.maxThreadsPerMultiProcessor) return 8;
    CHECK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&value, dynamic, 128, 40 << 10));
    if (value < 1 || value > (int)(prop.sharedMemPerMultiprocessor / (40 << 10))) return 9;
    cudaFuncAttributes attributes;
    CHECK(cudaFuncGetAttributes(&attributes, kernel));
    if (attributes.maxThreadsPerBlock != 256) return 10;
    CHECK(cudaFuncSetCacheConfig(kernel, cudaFuncCachePreferL1));

    int runtime, driver;
    CHECK(cudaRuntimeGetVersion(&runtime));
    CHECK(cudaDriverGetVersion(&driver));
    if (runtime < 13000) return 11;
    float *d, h[4];
    CHECK(cudaMalloc(&d, 16));
    cudaPointerAttributes where;
    CHECK(cudaPointerGetAttributes(&where, d));
    if (where.type != cudaMemoryTypeDevice || where.devicePointer != d) return 12;
    CHECK(cudaPointerGetAttributes(&where, h));
    if (where.type != cudaMemoryTypeUnregistered) return 13;
    CHECK(cudaFree(d));
    CHECK(cudaDeviceReset());
    return 0;
}
