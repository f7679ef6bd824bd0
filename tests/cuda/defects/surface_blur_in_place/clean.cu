// A blur writes its result into the surface whose neighbours other threads still read.
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
__global__ void blur(cudaSurfaceObject_t from, cudaSurfaceObject_t to, int w) {
    const int x = threadIdx.x, y = blockIdx.x, right = x + 1 < w ? x + 1 : x;
    const float a = surf2Dread<float>(from, x * 4, y), b = surf2Dread<float>(from, right * 4, y);
    surf2Dwrite((a + b) / 2, to, x * 4, y);
}

int main() {
    const int w = 64, h = 6;
    std::vector<float> host(w * h);
    for (int i = 0; i < w * h; ++i) host[i] = static_cast<float>(i * i % 100);
    const cudaChannelFormatDesc format = cudaCreateChannelDesc<float>();
    cudaArray_t arrays[2];
    cudaSurfaceObject_t surfaces[2];
    for (int i = 0; i < 2; ++i) {
        CHECK(cudaMallocArray(&arrays[i], &format, w, h, cudaArraySurfaceLoadStore));
        cudaResourceDesc resource = {};
        resource.resType = cudaResourceTypeArray;
        resource.res.array.array = arrays[i];
        CHECK(cudaCreateSurfaceObject(&surfaces[i], &resource));
    }
    CHECK(cudaMemcpy2DToArray(arrays[0], 0, 0, host.data(), w * sizeof(float), w * sizeof(float), h, cudaMemcpyHostToDevice));
    blur<<<h, w>>>(surfaces[0], surfaces[1], w);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy2DFromArray(host.data(), w * sizeof(float), arrays[1], 0, 0, w * sizeof(float), h, cudaMemcpyDeviceToHost));
    std::printf("%g\n", host[60]);
    for (int i = 0; i < 2; ++i) {
        CHECK(cudaDestroySurfaceObject(surfaces[i]));
        CHECK(cudaFreeArray(arrays[i]));
    }
}
