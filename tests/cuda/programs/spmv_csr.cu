// Sparse matrix times vector: one thread per row, and one warp per row.
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

template <typename T>
__global__ void spmvScalar(int rows, const int *ptr, const int *cols, const T *vals, const T *x, T *y) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row < rows) {
        T dot = 0;
        for (int i = ptr[row]; i < ptr[row + 1]; ++i) dot += vals[i] * x[cols[i]];
        y[row] = dot;
    }
}

template <typename T>
__global__ void spmvVector(int rows, const int *__restrict__ ptr, const int *__restrict__ cols, const T *__restrict__ vals, const T *__restrict__ x, T *y) {
    int warp = (blockIdx.x * blockDim.x + threadIdx.x) / warpSize, lane = threadIdx.x & (warpSize - 1);
    if (warp >= rows) return;
    T sum = 0;
    for (int i = ptr[warp] + lane; i < ptr[warp + 1]; i += warpSize) sum += vals[i] * x[cols[i]];
#pragma unroll
    for (int offset = warpSize / 2; offset > 0; offset /= 2) sum += __shfl_down_sync(0xffffffff, sum, offset);
    if (lane == 0) y[warp] = sum;
}

int main() {
    const int rows = 300;
    std::vector<int> ptr{0}, cols;
    std::vector<double> vals, x(rows), want(rows), got(rows);
    for (int r = 0; r < rows; ++r) {
        x[r] = 1 + r % 4;
        for (int k = 0; k < r % 50; ++k) cols.push_back((r * 7 + k * 13) % rows), vals.push_back(0.5 * k - 3);
        ptr.push_back((int)cols.size());
    }
    for (int r = 0; r < rows; ++r)
        for (int i = ptr[r]; i < ptr[r + 1]; ++i) want[r] += vals[i] * x[cols[i]];
    int *dp, *dc;
    double *dv, *dx, *dy;
    CHECK(cudaMalloc(&dp, ptr.size() * sizeof(int)));
    CHECK(cudaMalloc(&dc, cols.size() * sizeof(int)));
    CHECK(cudaMalloc(&dv, vals.size() * sizeof(double)));
    CHECK(cudaMalloc(&dx, rows * sizeof(double)));
    CHECK(cudaMalloc(&dy, rows * sizeof(double)));
    CHECK(cudaMemcpy(dp, ptr.data(), ptr.size() * sizeof(int), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(dc, cols.data(), cols.size() * sizeof(int), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(dv, vals.data(), vals.size() * sizeof(double), cudaMemcpyHostToDevice));
    CHECK(cudaMemcpy(dx, x.data(), rows * sizeof(double), cudaMemcpyHostToDevice));
    for (int version = 0; version < 2; ++version) {
        CHECK(cudaMemset(dy, 0xff, rows * sizeof(double)));
        if (version == 0) spmvScalar<<<(rows + 127) / 128, 128>>>(rows, dp, dc, dv, dx, dy);
        else spmvVector<double><<<(rows * 32 + 127) / 128, 128>>>(rows, dp, dc, dv, dx, dy);
        CHECK(cudaGetLastError());
        CHECK(cudaMemcpy(got.data(), dy, rows * sizeof(double), cudaMemcpyDeviceToHost));
        for (int r = 0; r < rows; ++r)
            if (fabs(got[r] - want[r]) > 1e-9) return 1 + version;
    }
    return 0;
}
