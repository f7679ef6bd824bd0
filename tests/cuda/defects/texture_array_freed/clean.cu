// The array is freed once the texture object has been made of it.
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
__global__ void lookup(cudaTextureObject_t table, const float *at, float *out, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = tex1D<float>(table, at[i]);
}

int main() {
    const int n = 200, entries = 16;
    std::vector<float> curve(entries), at(n), back(n);
    for (int i = 0; i < entries; ++i) curve[i] = static_cast<float>(i * i);
    for (int i = 0; i < n; ++i) at[i] = i * 0.08f;
    const cudaChannelFormatDesc format = cudaCreateChannelDesc<float>();
    cudaArray_t array;
    CHECK(cudaMallocArray(&array, &format, entries));
    CHECK(cudaMemcpy2DToArray(array, 0, 0, curve.data(), entries * sizeof(float), entries * sizeof(float), 1, cudaMemcpyHostToDevice));
    cudaResourceDesc resource = {};
    resource.resType = cudaResourceTypeArray;
    resource.res.array.array = array;
    cudaTextureDesc how = {};
    how.addressMode[0] = cudaAddressModeClamp;
    how.filterMode = cudaFilterModeLinear;
    cudaTextureObject_t texture;
    CHECK(cudaCreateTextureObject(&texture, &resource, &how, nullptr));
    float *d_at, *d_out;
    CHECK(cudaMalloc(&d_at, n * sizeof(float)));
    CHECK(cudaMalloc(&d_out, n * sizeof(float)));
    CHECK(cudaMemcpy(d_at, at.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    lookup<<<2, 128>>>(texture, d_at, d_out, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(back.data(), d_out, n * sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", back[100]);
    CHECK(cudaDestroyTextureObject(texture));
    CHECK(cudaFreeArray(array));
    CHECK(cudaFree(d_at));
    CHECK(cudaFree(d_out));
}
