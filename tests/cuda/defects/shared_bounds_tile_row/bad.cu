// Convolution of a tile: the row above it is read where there is none.
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

__global__ void gradient(const float *in, float *out, int width) {
    __shared__ float tile[kTile][kTile];
    const int tx = threadIdx.x, ty = threadIdx.y;
    const int i = (blockIdx.y * kTile + ty) * width + blockIdx.x * kTile + tx;
    tile[ty][tx] = in[i];
    __syncthreads();
    if (tx > 0)
        out[i] = tile[ty + 1][tx] - tile[ty][tx - 1]; // defect: out_of_bounds
    else
        out[i] = 0;
}

int main() {
    const int width = 32, n = width * width;
    std::vector<float> in(n, 3.0f), out(n);
    float *d_in, *d_out;
    CHECK(cudaMalloc(&d_in, n * sizeof(float)));
    CHECK(cudaMalloc(&d_out, n * sizeof(float)));
    CHECK(cudaMemcpy(d_in, in.data(), n * sizeof(float), cudaMemcpyHostToDevice));
    gradient<<<dim3(2, 2), dim3(kTile, kTile)>>>(d_in, d_out, width);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(out.data(), d_out, sizeof(float), cudaMemcpyDeviceToHost));
    std::printf("%g\n", out[0]);
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(d_out));
}
