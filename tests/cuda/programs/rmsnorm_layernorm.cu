// RMSNorm and LayerNorm of rows, vectorised by float4.
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

__device__ float blockSum(float v) {
    __shared__ float s[33];
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    for (int o = 16; o > 0; o >>= 1) v += __shfl_xor_sync(0xffffffff, v, o);
    if (lane == 0) s[warp] = v;
    __syncthreads();
    if (warp == 0) {
        v = lane < (blockDim.x >> 5) ? s[lane] : 0.0f;
        for (int o = 16; o > 0; o >>= 1) v += __shfl_xor_sync(0xffffffff, v, o);
        if (lane == 0) s[32] = v;
    }
    __syncthreads();
    float total = s[32];
    __syncthreads();
    return total;
}

__global__ void rmsnorm(const float *__restrict__ x, const float *__restrict__ w, float *__restrict__ y, int d, float eps) {
    const float4 *row = reinterpret_cast<const float4 *>(x + (size_t)blockIdx.x * d);
    float4 *out = reinterpret_cast<float4 *>(y + (size_t)blockIdx.x * d);
    float sum = 0;
    for (int i = threadIdx.x; i < d / 4; i += blockDim.x) {
        float4 v = __ldg(&row[i]);
        sum += v.x * v.x + v.y * v.y + v.z * v.z + v.w * v.w;
    }
    float scale = rsqrtf(blockSum(sum) / d + eps);
    for (int i = threadIdx.x; i < d / 4; i += blockDim.x) {
        float4 v = row[i], g = reinterpret_cast<const float4 *>(w)[i];
        out[i] = make_float4(v.x * scale * g.x, v.y * scale * g.y, v.z * scale * g.z, v.w * scale * g.w);
    }
}

__global__ void layernorm(const float *x, float *y, int d) {
    x += (size_t)blockIdx.x * d, y += (size_t)blockIdx.x * d;
    float s = 0, q = 0;
    for (int i = threadIdx.x; i < d; i += blockDim.x) s += x[i], q += x[i] * x[i];
    float mean = blockSum(s) / d, variance = blockSum(q) / d - mean * mean;
    float r = rsqrtf(variance + 1e-5f);
    for (int i = threadIdx.x; i < d; i += blockDim.x) y[i] = (x[i] - mean) * r;
}

int main(int argc, char **argv) {
    const int rows = argc > 1 ? atoi(argv[1]) : 16, d = argc > 1 ? atoi(argv[1]) : 512;
    std::vector<float> x((size_t)rows * d), w(d), y(x.size());
    for (size_t i = 0; i < x.size(); ++i) x[i] = (float)((i * 31) % 97) / 50 - 1;
    for (int i = 0; i < d; ++i) w[i] = 1 + (i % 3) * 0.1f;
    float *dx, *dw, *dy;
    CHECK(cudaMalloc(&dx, x.size() * 4));
    CHECK(cudaMalloc(&dw, d * 4));
    CHECK(cudaMalloc(&dy, x.size() * 4));
    CHECK(cudaMemcpy(dx, x.data(), x.size() * 4, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(dw, w.data(), d * 4, cudaMemcpyHostToDevice));
    rmsnorm<<<rows, 256>>>(dx, dw, dy, d, 1e-6f);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(y.data(), dy, x.size() * 4, cudaMemcpyDeviceToHost));
    for (int r = 0; r < rows; r += 5) {
        double sum = 0;
        for (int i = 0; i < d; ++i) sum += (double)x[(size_t)r * d + i] * x[(size_t)r * d + i];
        for (int i = 0; i < d; ++i)
            if (fabs(x[(size_t)r * d + i] / sqrt(sum / d + 1e-6) * w[i] - y[(size_t)r * d + i]) > 1e-4) return 1;
    }
    layernorm<<<rows, 128>>>(dx, dy, d);
    CHECK(cudaMemcpy(y.data(), dy, x.size() * 4, cudaMemcpyDeviceToHost));
    for (int r = 0; r < rows; r += 5) {
        double sum = 0;
        for (int i = 0; i < d; ++i) sum += y[(size_t)r * d + i];
        if (fabs(sum / d) > 1e-3) return 2;
    }
    return 0;
}
