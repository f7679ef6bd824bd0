// Ranges for a profiler: without one, marking them does nothing.
#include <cuda_profiler_api.h>
#include <nvtx3/nvToolsExt.h>

__global__ void fill(int *a) { a[threadIdx.x] = threadIdx.x; }

int main() {
    int *d, h[32];
    cudaMalloc(&d, sizeof h);
    if (cudaProfilerStart() != cudaSuccess) return 1;
    nvtxRangePushA("fill");
    fill<<<1, 32>>>(d);
    nvtxRangePop();
    if (cudaProfilerStop() != cudaSuccess) return 2;
    cudaMemcpy(h, d, sizeof h, cudaMemcpyDeviceToHost);
    for (int i = 0; i < 32; ++i)
        if (h[i] != i) return 3;
}
