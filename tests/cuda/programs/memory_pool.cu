// The device's default memory pool: what it keeps, what is in use.
#include <cstdint>

static uint64_t number(cudaMemPool_t pool, cudaMemPoolAttr attribute) {
    uint64_t value = ~0ull;
    cudaMemPoolGetAttribute(pool, attribute, &value);
    return value;
}

__global__ void fill(int *a, int n) {
    for (int i = threadIdx.x; i < n; i += blockDim.x) a[i] = i;
}

int main() {
    int supported = 0;
    cudaDeviceGetAttribute(&supported, cudaDevAttrMemoryPoolsSupported, 0);
    cudaMemPool_t pool, same;
    if (!supported || cudaDeviceGetDefaultMemPool(&pool, 0) != cudaSuccess || cudaDeviceGetMemPool(&same, 0) != cudaSuccess) return 1;
    if (pool != same || number(pool, cudaMemPoolAttrReleaseThreshold) != 0) return 2;
    uint64_t keep = UINT64_MAX;
    if (cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &keep) != cudaSuccess) return 3;
    if (number(pool, cudaMemPoolAttrReleaseThreshold) != UINT64_MAX) return 4;

    cudaStream_t stream;
    cudaStreamCreate(&stream);
    const int n = 1000;
    int *a, *b, h[n];
    if (cudaMallocAsync(&a, n * sizeof(int), stream) != cudaSuccess) return 5;
    if (cudaMallocFromPoolAsync(&b, 64, pool, stream) != cudaSuccess) return 6;
    if (number(pool, cudaMemPoolAttrUsedMemCurrent) < n * sizeof(int) + 64) return 7;
    fill<<<1, 128, 0, stream>>>(a, n);
    cudaMemcpyAsync(h, a, sizeof h, cudaMemcpyDeviceToHost, stream);
    cudaFreeAsync(a, stream);
    cudaFreeAsync(b, stream);
    if (cudaStreamSynchronize(stream) != cudaSuccess) return 8;
    for (int i = 0; i < n; ++i)
        if (h[i] != i) return 9;
    if (number(pool, cudaMemPoolAttrUsedMemCurrent) != 0 || number(pool, cudaMemPoolAttrReservedMemCurrent) == 0) return 10;
    if (cudaMemPoolTrimTo(pool, 0) != cudaSuccess || number(pool, cudaMemPoolAttrReservedMemCurrent) != 0) return 11;
    cudaStreamDestroy(stream);
}
