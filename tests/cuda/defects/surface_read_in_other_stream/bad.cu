// One stream paints the surface, and another one reads it as a texture, without waiting.
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
__global__ void paint(cudaSurfaceObject_t image, int w) {
    surf2Dwrite<int>(threadIdx.x * 10 + threadIdx.y, image, threadIdx.x * sizeof(int), threadIdx.y);
}

__global__ void collect(cudaTextureObject_t image, int *out, int w) {
    out[threadIdx.y * w + threadIdx.x] = tex2D<int>(image, threadIdx.x + 0.5f, threadIdx.y + 0.5f); // defect: race
}

int main() {
    const int w = 16, h = 8;
    const cudaChannelFormatDesc format = cudaCreateChannelDesc<int>();
    cudaArray_t array;
    CHECK(cudaMallocArray(&array, &format, w, h, cudaArraySurfaceLoadStore));
    cudaResourceDesc resource = {};
    resource.resType = cudaResourceTypeArray;
    resource.res.array.array = array;
    cudaSurfaceObject_t surface;
    CHECK(cudaCreateSurfaceObject(&surface, &resource));
    cudaTextureDesc how = {};
    cudaTextureObject_t texture;
    CHECK(cudaCreateTextureObject(&texture, &resource, &how, nullptr));
    cudaStream_t painter, reader;
    cudaEvent_t painted;
    CHECK(cudaStreamCreateWithFlags(&painter, cudaStreamNonBlocking));
    CHECK(cudaStreamCreateWithFlags(&reader, cudaStreamNonBlocking));
    CHECK(cudaEventCreate(&painted));
    int *out;
    CHECK(cudaMalloc(&out, w * h * sizeof(int)));
    paint<<<1, dim3(w, h), 0, painter>>>(surface, w);
    CHECK(cudaEventRecord(painted, painter));
    collect<<<1, dim3(w, h), 0, reader>>>(texture, out, w);
    CHECK(cudaGetLastError());
    CHECK(cudaDeviceSynchronize());
    std::vector<int> back(w * h);
    CHECK(cudaMemcpy(back.data(), out, w * h * sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", back[20]);
    CHECK(cudaDestroySurfaceObject(surface));
    CHECK(cudaDestroyTextureObject(texture));
    CHECK(cudaEventDestroy(painted));
    CHECK(cudaStreamDestroy(painter));
    CHECK(cudaStreamDestroy(reader));
    CHECK(cudaFreeArray(array));
    CHECK(cudaFree(out));
}
