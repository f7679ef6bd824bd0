// A surface's x counts bytes, and the kernel counts elements.
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
__global__ void invert(cudaSurfaceObject_t image, int w, int h) {
    const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= w || y >= h) return;
    const int at = x * static_cast<int>(sizeof(uchar4));
    uchar4 c = surf2Dread<uchar4>(image, at, y);
    c.x = 255 - c.x;
    surf2Dwrite(c, image, at, y);
}

int main() {
    const int w = 30, h = 10;
    std::vector<uchar4> host(w * h, make_uchar4(1, 2, 3, 4));
    const cudaChannelFormatDesc format = cudaCreateChannelDesc<uchar4>();
    cudaArray_t array;
    CHECK(cudaMallocArray(&array, &format, w, h, cudaArraySurfaceLoadStore));
    CHECK(cudaMemcpy2DToArray(array, 0, 0, host.data(), w * sizeof(uchar4), w * sizeof(uchar4), h, cudaMemcpyHostToDevice));
    cudaResourceDesc resource = {};
    resource.resType = cudaResourceTypeArray;
    resource.res.array.array = array;
    cudaSurfaceObject_t surface;
    CHECK(cudaCreateSurfaceObject(&surface, &resource));
    invert<<<dim3(2, 2), dim3(16, 8)>>>(surface, w, h);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy2DFromArray(host.data(), w * sizeof(uchar4), array, 0, 0, w * sizeof(uchar4), h, cudaMemcpyDeviceToHost));
    std::printf("%d\n", host[60].x);
    CHECK(cudaDestroySurfaceObject(surface));
    CHECK(cudaFreeArray(array));
}
