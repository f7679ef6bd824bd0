// Random numbers for an image, with a generator for each pixel.
#include <cstdio>
#include <cstdlib>

#include <curand_kernel.h>

#define CHECK(call)                                                              \
    do {                                                                         \
        const cudaError_t status = (call);                                       \
        if (status != cudaSuccess) {                                             \
            std::fprintf(stderr, "%s: %s\\n", #call, cudaGetErrorString(status)); \
            std::exit(1);                                                        \
        }                                                                        \
    } while (0)

__global__ void fill(curandState *states, float *image, int width, int height) {
    const int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= width || y >= height) return;
    const int i = y * width + x;
    curand_init(3, i, 0, &states[i]);
    image[i] = curand_uniform(&states[i]);
}

int main() {
    const int width = 40, height = 24;
    curandState *states;
    float *image, host[width * height];
    CHECK(cudaMalloc(&states, width * height * sizeof *states));
    CHECK(cudaMalloc(&image, sizeof host));
    fill<<<dim3(3, 2), dim3(16, 16)>>>(states, image, width, height);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(host, image, sizeof host, cudaMemcpyDeviceToHost));
    CHECK(cudaFree(states));
    CHECK(cudaFree(image));
    int wrong = 0;
    for (float value : host) wrong += !(value > 0 && value <= 1);
    std::printf(wrong ? "FAIL\n" : "PASS\n");
    return wrong != 0;
}
