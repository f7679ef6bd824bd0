// The texture states twice the bytes that its memory has.
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
__global__ void gather(cudaTextureObject_t values, const int *index, float *out, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = tex1Dfetch<float>(values, index[i]);
}

int main() {
    const int n = 300;
    std::vector<float> values(n), back(n);
    std::vector<int> index(n);
    for (int i = 0; i < n; ++i) values[i] = i * 0.5f, index[i] = i * 7 % (n + 8) + 3;   // a few lie behind the end: those read as 0
    float *data, *out;
    int *d_index;
    CHECK(cudaMalloc(&data, n * sizeof(float)));
    CHECK(cudaMalloc(&out, n * sizeof(float)));
    CHECK(cudaMalloc(&d_index, n * sizeof(int)));
    CHECK(cudaMemcpy(data, values.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(d_index, index.data(), n * sizeof(int), cudaMemcpyHostToDevice));
    cudaResourceDesc resource = {};
    resource.resType = cudaResourceTypeLinear;
    resource.res.linear.devPtr = data;
    resource.res.linear.desc = cudaCreateChannelDesc<float>();
    resource.res.linear.sizeInBytes = n * sizeof(float);
    cudaTextureDesc how = {};
    cudaTextureObject_t texture;
    CHECK(cudaCreateTextureObject(&texture, &resource, &how, nullptr));
    gather<<<3, 128>>>(texture, d_index, out, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(back.data(), out, n * sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", back[10]);
    CHECK(cudaDestroyTextureObject(texture));
    CHECK(cudaFree(data));
    CHECK(cudaFree(out));
    CHECK(cudaFree(d_index));
}
