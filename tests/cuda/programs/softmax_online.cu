// Row-wise softmax in one pass: running maximum and sum, merged by shuffles.
#include <cfloat>
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

struct MD {
    float m, d;
};

__device__ __forceinline__ MD merge(MD a, MD b) {
    bool bigger = a.m > b.m;
    MD hi = bigger ? a : b, lo = bigger ? b : a;
    return {hi.m, hi.d + lo.d * __expf(lo.m - hi.m)};
}

template <int THREADS>
__launch_bounds__(THREADS) __global__ void softmax(const float *__restrict x, float *__restrict y, int columns) {
    __shared__ MD partial[THREADS / 32];
    const float *row = x + (size_t)blockIdx.x * columns;
    MD md{-FLT_MAX, 0.0f};
    for (int i = threadIdx.x; i < columns; i += THREADS) md = merge(md, MD{row[i], 1.0f});
    for (int mask = 16; mask > 0; mask >>= 1) {
        MD other;
        other.m = __shfl_xor_sync(0xffffffffu, md.m, mask);
        other.d = __shfl_xor_sync(0xffffffffu, md.d, mask);
        md = merge(md, other);
    }
    if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = md;
    __syncthreads();
    MD total = partial[0];
#pragma unroll
    for (int w = 1; w < THREADS / 32; ++w) total = merge(total, partial[w]);
    const float inverse = 1.0f / total.d;
    for (int i = threadIdx.x; i < columns; i += THREADS) y[(size_t)blockIdx.x * columns + i] = __expf(row[i] - total.m) * inverse;
}

int main() {
    const int rows = 33, columns = 301;
    std::vector<float> x(rows * columns), y(rows * columns);
    for (size_t i = 0; i < x.size(); ++i) x[i] = sinf(i * 0.37f) * 8;
    float *dx, *dy;
    CHECK(cudaMalloc(&dx, x.size() * 4));
    CHECK(cudaMalloc(&dy, x.size() * 4));
    CHECK(cudaMemcpy(dx, x.data(), x.size() * 4, cudaMemcpyHostToDevice));
    softmax<128><<<rows, 128>>>(dx, dy, columns);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(y.data(), dy, x.size() * 4, cudaMemcpyDeviceToHost));
    for (int r = 0; r < rows; ++r) {
        double sum = 0;
        for (int c = 0; c < columns; ++c) sum += exp((double)x[r * columns + c]);
        for (int c = 0; c < columns; ++c)
            if (fabs(exp((double)x[r * columns + c]) / sum - y[r * columns + c]) > 1e-5) return 1;
    }
    cudaFree(dx);
    cudaFree(dy);
    return 0;
}
