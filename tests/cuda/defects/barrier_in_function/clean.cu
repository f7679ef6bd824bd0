// A function with a barrier, called for the cells inside the image only.
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
constexpr int kTile = 16;

__device__ float blur(float (&tile)[kTile][kTile], float value) {
    tile[threadIdx.y][threadIdx.x] = value;
    __syncthreads();
    const int right = min(threadIdx.x + 1, kTile - 1), below = min(threadIdx.y + 1, kTile - 1);
    return (value + tile[threadIdx.y][right] + tile[below][threadIdx.x]) / 3;
}

__global__ void filter(const float *in, float *out, int width, int height) {
    __shared__ float tile[kTile][kTile];
    const int x = blockIdx.x * kTile + threadIdx.x, y = blockIdx.y * kTile + threadIdx.y;
    tile[threadIdx.y][threadIdx.x] = 0;
    const bool inside = x < width && y < height;
    const float value = blur(tile, inside ? in[y * width + x] : 0.0f);
    if (inside) out[y * width + x] = value;
}

int main() {
    const int width = 40, height = 20, n = width * height;
    std::vector<float> in(n, 1.0f), out(n);
    float *d_in, *d_out;
    CHECK(cudaMalloc(&d_in, n * sizeof(float)));
    CHECK(cudaMalloc(&d_out, n * sizeof(float)));
    CHECK(cudaMemcpy(d_in, in.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    filter<<<dim3((width + kTile - 1) / kTile, (height + kTile - 1) / kTile), dim3(kTile, kTile)>>>(d_in, d_out, width, height);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(out.data(), d_out, n * sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", out[0]);
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(d_out));
}
