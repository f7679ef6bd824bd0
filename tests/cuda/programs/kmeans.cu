// K-means: assignment, sums by atomics in shared memory, means on the host.
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

constexpr int K = 3, DIM = 2;
__constant__ float centroids[K * DIM];

__global__ void assign(const float2 *points, int n, int *labels, float *sums, int *counts) {
    __shared__ float localSums[K * DIM];
    __shared__ int localCounts[K];
    if (threadIdx.x < K * DIM) localSums[threadIdx.x] = 0;
    if (threadIdx.x < K) localCounts[threadIdx.x] = 0;
    __syncthreads();
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
        float2 p = points[i];
        float best = FLT_MAX;
        int label = 0;
        for (int k = 0; k < K; ++k) {
            float dx = p.x - centroids[k * DIM], dy = p.y - centroids[k * DIM + 1], d = dx * dx + dy * dy;
            if (d < best) best = d, label = k;
        }
        labels[i] = label;
        atomicAdd(&localSums[label * DIM], p.x);
        atomicAdd(&localSums[label * DIM + 1], p.y);
        atomicAdd(&localCounts[label], 1);
    }
    __syncthreads();
    if (threadIdx.x < K * DIM) atomicAdd(&sums[threadIdx.x], localSums[threadIdx.x]);
    if (threadIdx.x < K) atomicAdd(&counts[threadIdx.x], localCounts[threadIdx.x]);
}

int main() {
    const int n = 900;
    std::vector<float2> points(n);
    const float centres[K][2] = {{0, 0}, {10, 0}, {0, 10}};
    for (int i = 0; i < n; ++i) points[i] = {centres[i % K][0] + sinf(i), centres[i % K][1] + cosf(i * 1.7f)};
    float c[K * DIM] = {1, 1, 8, 1, 1, 7}, sumsHost[K * DIM];
    int countsHost[K], *labels, *counts;
    float2 *d;
    float *sums;
    CHECK(cudaMalloc(&d, n * sizeof(float2)));
    CHECK(cudaMalloc(&labels, n * sizeof(int)));
    CHECK(cudaMalloc(&sums, sizeof sumsHost));
    CHECK(cudaMalloc(&counts, sizeof countsHost));
    CHECK(cudaMemcpy(d, points.data(), n * sizeof(float2), cudaMemcpyHostToDevice));
    for (int round = 0; round < 5; ++round) {
        CHECK(cudaMemcpyToSymbol(centroids, c, sizeof c));
        CHECK(cudaMemset(sums, 0, sizeof sumsHost));
        CHECK(cudaMemset(counts, 0, sizeof countsHost));
        assign<<<4, 64>>>(d, n, labels, sums, counts);
        CHECK(cudaMemcpy(sumsHost, sums, sizeof sumsHost, cudaMemcpyDeviceToHost));
        CHECK(cudaMemcpy(countsHost, counts, sizeof countsHost, cudaMemcpyDeviceToHost));
        for (int k = 0; k < K; ++k)
            for (int j = 0; j < DIM; ++j) c[k * DIM + j] = countsHost[k] ? sumsHost[k * DIM + j] / countsHost[k] : 0;
    }
    for (int k = 0; k < K; ++k)
        if (countsHost[k] != n / K || fabsf(c[k * DIM] - centres[k][0]) > 0.1f || fabsf(c[k * DIM + 1] - centres[k][1]) > 0.1f) return 1;
    return 0;
}
