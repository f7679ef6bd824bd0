// All steps of a smoothing in one kernel of one block, with barriers between them: surface reads do not see what the same
// kernel wrote.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <cuda_runtime.h>

#define CHECK(call)                                                              \
    do {                                                                         \
        const cudaError_t status = (call);                                       \
        if (status != cudaSuccess) {                                             \
            std::fprintf(stderr, "%s: %s\n", #call, cudaGetErrorString(status)); \
            std::exit(1);                                                        \
        }                                                                        \
    } while (0)
__global__ void smooth(cudaSurfaceObject_t a, cudaSurfaceObject_t b, int n, int first, int last) {
    const int x = threadIdx.x, left = x > 0 ? x - 1 : 0, right = x + 1 < n ? x + 1 : x, size = sizeof(float);
    for (int step = first; step < last; ++step) {
        const cudaSurfaceObject_t from = step % 2 ? b : a, to = step % 2 ? a : b;
        const float sum = surf1Dread<float>(from, left * size) + surf1Dread<float>(from, right * size);
        surf1Dwrite(sum / 2, to, x * size);
        __syncthreads();
    }
}

int main() {
    const int n = 96, steps = 6;
    std::vector<float> host(n);
    for (int i = 0; i < n; ++i) host[i] = static_cast<float>(i % 10);
    const cudaChannelFormatDesc format = cudaCreateChannelDesc<float>();
    cudaArray_t arrays[2];
    cudaSurfaceObject_t surfaces[2];
    for (int i = 0; i < 2; ++i) {
        CHECK(cudaMallocArray(&arrays[i], &format, n, 0, cudaArraySurfaceLoadStore));
        cudaResourceDesc resource = {};
        resource.resType = cudaResourceTypeArray;
        resource.res.array.array = arrays[i];
        CHECK(cudaCreateSurfaceObject(&surfaces[i], &resource));
    }
    CHECK(cudaMemcpy2DToArray(arrays[0], 0, 0, host.data(), n * sizeof(float), n * sizeof(float), 1, cudaMemcpyHostToDevice));
    for (int step = 0; step < steps; ++step) smooth<<<1, n>>>(surfaces[0], surfaces[1], n, step, step + 1);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy2DFromArray(host.data(), n * sizeof(float), arrays[0], 0, 0, n * sizeof(float), 1, cudaMemcpyDeviceToHost));
    std::printf("%g\n", host[7]);
    for (int i = 0; i < 2; ++i) {
        CHECK(cudaDestroySurfaceObject(surfaces[i]));
        CHECK(cudaFreeArray(arrays[i]));
    }
}
