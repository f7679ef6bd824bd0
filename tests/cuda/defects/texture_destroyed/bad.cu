// The texture object is destroyed before the second image is filtered.
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
__global__ void threshold(cudaTextureObject_t image, unsigned char *out, int w, int h, float level) {
    const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x < w && y < h) out[y * w + x] = tex2D<float>(image, x + 0.5f, y + 0.5f) > level; // defect: use_after_free
}

int main() {
    const int w = 40, h = 30;
    std::vector<float> host(w * h);
    for (int i = 0; i < w * h; ++i) host[i] = static_cast<float>(i % 17);
    const cudaChannelFormatDesc format = cudaCreateChannelDesc<float>();
    cudaArray_t array;
    CHECK(cudaMallocArray(&array, &format, w, h));
    CHECK(cudaMemcpy2DToArray(array, 0, 0, host.data(), w * sizeof(float), w * sizeof(float), h, cudaMemcpyHostToDevice));
    cudaResourceDesc resource = {};
    resource.resType = cudaResourceTypeArray;
    resource.res.array.array = array;
    cudaTextureDesc how = {};
    how.addressMode[0] = how.addressMode[1] = cudaAddressModeClamp;
    cudaTextureObject_t texture;
    CHECK(cudaCreateTextureObject(&texture, &resource, &how, nullptr));
    unsigned char *out;
    CHECK(cudaMalloc(&out, w * h));
    std::vector<unsigned char> back(w * h);
    int set = 0;
    for (int level = 4; level <= 8; level += 4) {
        threshold<<<dim3(3, 4), dim3(16, 8)>>>(texture, out, w, h, static_cast<float>(level));
        CHECK(cudaGetLastError());
        CHECK(cudaMemcpy(back.data(), out, w * h, cudaMemcpyDeviceToHost));
        CHECK(cudaDestroyTextureObject(texture));
        for (const unsigned char pixel : back) set += pixel;
    }
    std::printf("%d\n", set);
    CHECK(cudaFreeArray(array));
    CHECK(cudaFree(out));
}
