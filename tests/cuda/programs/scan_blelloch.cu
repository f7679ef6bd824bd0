// Exclusive prefix sum of large arrays: work-efficient within a block, then over the blocks' sums.
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

#define BLOCK 256

__global__ void scanBlocks(int *data, int *sums, int n) {
    extern __shared__ int temp[];
    int tid = threadIdx.x, base = blockIdx.x * BLOCK * 2;
    temp[2 * tid] = base + 2 * tid < n ? data[base + 2 * tid] : 0;
    temp[2 * tid + 1] = base + 2 * tid + 1 < n ? data[base + 2 * tid + 1] : 0;
    int offset = 1;
    for (int d = BLOCK; d > 0; d >>= 1) {
        __syncthreads();
        if (tid < d) temp[offset * (2 * tid + 2) - 1] += temp[offset * (2 * tid + 1) - 1];
        offset *= 2;
    }
    if (tid == 0) {
        sums[blockIdx.x] = temp[2 * BLOCK - 1];
        temp[2 * BLOCK - 1] = 0;
    }
    for (int d = 1; d < 2 * BLOCK; d *= 2) {
        offset >>= 1;
        __syncthreads();
        if (tid < d) {
            int ai = offset * (2 * tid + 1) - 1, bi = offset * (2 * tid + 2) - 1;
            int t = temp[ai];
            temp[ai] = temp[bi];
            temp[bi] += t;
        }
    }
    __syncthreads();
    if (base + 2 * tid < n) data[base + 2 * tid] = temp[2 * tid];
    if (base + 2 * tid + 1 < n) data[base + 2 * tid + 1] = temp[2 * tid + 1];
}

__global__ void addSums(int *data, const int *sums, int n) {
    int i = blockIdx.x * BLOCK * 2 + threadIdx.x;
    if (i < n) data[i] += sums[blockIdx.x];
    if (i + BLOCK < n) data[i + BLOCK] += sums[blockIdx.x];
}

void scan(int *data, int n) {
    int blocks = (n + 2 * BLOCK - 1) / (2 * BLOCK);
    int *sums;
    CHECK(cudaMalloc(&sums, blocks * sizeof(int)));
    scanBlocks<<<blocks, BLOCK, 2 * BLOCK * sizeof(int)>>>(data, sums, n);
    CHECK(cudaGetLastError());
    if (blocks > 1) {
        scan(sums, blocks);
        addSums<<<blocks, BLOCK>>>(data, sums, n);
        CHECK(cudaGetLastError());
    }
    CHECK(cudaFree(sums));
}

int main() {
    const int n = 70001;
    std::vector<int> h(n), got(n);
    for (int i = 0; i < n; ++i) h[i] = (i * 37) % 11 - 3;
    int *d;
    CHECK(cudaMalloc(&d, n * sizeof(int)));
    CHECK(cudaMemcpy(d, h.data(), n * sizeof(int), cudaMemcpyHostToDevice));
    scan(d, n);
    CHECK(cudaMemcpy(got.data(), d, n * sizeof(int), cudaMemcpyDeviceToHost));
    int want = 0;
    for (int i = 0; i < n; ++i) {
        if (got[i] != want) return 1;
        want += h[i];
    }
    cudaFree(d);
    return 0;
}
