// The kernel writes its results where its other threads still fetch, with a barrier in between: the texture cache does not
// see what the same kernel wrote.
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
__global__ void twice(cudaTextureObject_t values, float *data, int n) {
    const int i = threadIdx.x;
    const float mine = tex1Dfetch<float>(values, i);
    __syncthreads();
    data[i] = mine * 3;
    __syncthreads();
    const float next = tex1Dfetch<float>(values, (i + 1) % n); // defect: race
    __syncthreads();
    if (i < n) data[i] = mine + next;
}

int main() {
    const int n = 128;
    std::vector<float> host(n, 1.0f);
    float *data;
    CHECK(cudaMalloc(&data, n * sizeof(float)));
    CHECK(cudaMemcpy(data, host.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    cudaResourceDesc resource = {};
    resource.resType = cudaResourceTypeLinear;
    resource.res.linear.devPtr = data;
    resource.res.linear.desc = cudaCreateChannelDesc<float>();
    resource.res.linear.sizeInBytes = n * sizeof(float);
    cudaTextureDesc how = {};
    cudaTextureObject_t texture;
    CHECK(cudaCreateTextureObject(&texture, &resource, &how, nullptr));
    twice<<<1, n>>>(texture, data, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(host.data(), data, n * sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", host[3]);
    CHECK(cudaDestroyTextureObject(texture));
    CHECK(cudaFree(data));
}
