// The settings of the run lie on the stack of main, and the kernel is given their address.
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
struct Settings {
    float gain, offset;
};

__global__ void amplify(float *data, const Settings settings, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) data[i] = data[i] * settings.gain + settings.offset;
}

int main(int argc, char **) {
    const int n = 128;
    Settings settings{2.0f * argc, 1.0f};
    std::vector<float> host(n, 1.0f);
    float *d_data;
    CHECK(cudaMalloc(&d_data, n * sizeof(float)));
    CHECK(cudaMemcpy(d_data, host.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    amplify<<<1, n>>>(d_data, settings, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(host.data(), d_data, n * sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", host[0]);
    CHECK(cudaFree(d_data));
}
