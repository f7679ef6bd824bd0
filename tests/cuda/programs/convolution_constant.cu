// Separable convolution with the filter in constant memory and halos in shared memory.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#define CHECK(call)                                                                                  \
    do {                                                                                             \
        cudaError_t status = (call);                                                                 \
        if (status != cudaSuccess) {                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status));         \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

#define RADIUS 4
#define TILE 64

__constant__ float d_filter[2 * RADIUS + 1];

__global__ void convolveRow(const float *src, float *dst, int width, int height) {
    __shared__ float tile[TILE + 2 * RADIUS];
    int y = blockIdx.y;
    int x = blockIdx.x * TILE + threadIdx.x;
    for (int i = threadIdx.x; i < TILE + 2 * RADIUS; i += blockDim.x) {
        int column = (int)(blockIdx.x * TILE) + i - RADIUS;
        tile[i] = column >= 0 && column < width ? src[y * width + column] : 0.0f;
    }
    __syncthreads();
    if (x >= width) return;
    float sum = 0;
#pragma unroll
    for (int k = -RADIUS; k <= RADIUS; ++k) sum += tile[threadIdx.x + RADIUS + k] * d_filter[RADIUS + k];
    dst[y * width + x] = sum;
}

__global__ void convolveColumn(const float *src, float *dst, int width, int height) {
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y;
    if (x >= width) return;
    float sum = 0;
    for (int k = -RADIUS; k <= RADIUS; ++k)
        if (y + k >= 0 && y + k < height) sum += src[(y + k) * width + x] * d_filter[RADIUS + k];
    dst[y * width + x] = sum;
}

int main() {
    const int width = 131, height = 40;
    float filter[2 * RADIUS + 1];
    for (int k = 0; k <= 2 * RADIUS; ++k) filter[k] = expf(-0.1f * (k - RADIUS) * (k - RADIUS));
    std::vector<float> in(width * height), mid(in.size()), want(in.size()), got(in.size());
    for (size_t i = 0; i < in.size(); ++i) in[i] = (float)((i * 7919) % 101) / 100;
    auto at = [&](const std::vector<float> &v, int x, int y) { return x < 0 || y < 0 || x >= width || y >= height ? 0.0f : v[y * width + x]; };
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            float s = 0;
            for (int k = -RADIUS; k <= RADIUS; ++k) s += at(in, x + k, y) * filter[RADIUS + k];
            mid[y * width + x] = s;
        }
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            float s = 0;
            for (int k = -RADIUS; k <= RADIUS; ++k) s += at(mid, x, y + k) * filter[RADIUS + k];
            want[y * width + x] = s;
        }
    float *a, *b;
    CHECK(cudaMalloc(&a, in.size() * sizeof(float)));
    CHECK(cudaMalloc(&b, in.size() * sizeof(float)));
    CHECK(cudaMemcpyToSymbol(d_filter, filter, sizeof(filter)));
    CHECK(cudaMemcpy(a, in.data(), in.size() * sizeof(float), cudaMemcpyHostToDevice));
    dim3 grid((width + TILE - 1) / TILE, height);
    convolveRow<<<grid, TILE>>>(a, b, width, height);
    convolveColumn<<<grid, TILE>>>(b, a, width, height);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(got.data(), a, in.size() * sizeof(float), cudaMemcpyDeviceToHost));
    for (size_t i = 0; i < in.size(); ++i)
        if (fabsf(got[i] - want[i]) > 1e-4f) return 1;
    cudaFree(a), cudaFree(b);
    return 0;
}
