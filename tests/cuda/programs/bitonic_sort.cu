// Bitonic sort: one launch per step, and a block's worth of steps in shared memory.
#include <algorithm>
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

__global__ void bitonicStep(unsigned *values, int j, int k) {
    unsigned i = threadIdx.x + blockDim.x * blockIdx.x;
    unsigned ixj = i ^ j;
    if (ixj > i) {
        bool ascending = (i & k) == 0;
        if ((values[i] > values[ixj]) == ascending) {
            unsigned t = values[i];
            values[i] = values[ixj];
            values[ixj] = t;
        }
    }
}

__global__ void bitonicShared(unsigned *values) {
    __shared__ unsigned s[512];
    const unsigned base = blockIdx.x * 512;
    s[threadIdx.x] = values[base + threadIdx.x];
    s[threadIdx.x + 256] = values[base + threadIdx.x + 256];
    for (unsigned size = 2; size <= 512; size <<= 1)
        for (unsigned stride = size / 2; stride > 0; stride >>= 1) {
            __syncthreads();
            unsigned pos = 2 * threadIdx.x - (threadIdx.x & (stride - 1));
            bool ascending = ((base + pos) & size) == 0;
            if ((s[pos] > s[pos + stride]) == ascending) {
                unsigned t = s[pos];
                s[pos] = s[pos + stride];
                s[pos + stride] = t;
            }
        }
    __syncthreads();
    values[base + threadIdx.x] = s[threadIdx.x];
    values[base + threadIdx.x + 256] = s[threadIdx.x + 256];
}

int main() {
    const int n = 4096;
    std::vector<unsigned> v(n), want;
    unsigned x = 12345;
    for (auto &e : v) e = x = x * 1664525u + 1013904223u;
    want = v;
    std::sort(want.begin(), want.end());
    unsigned *d;
    CHECK(cudaMalloc(&d, n * sizeof(unsigned)));
    CHECK(cudaMemcpy(d, v.data(), n * sizeof(unsigned), cudaMemcpyHostToDevice));
    bitonicShared<<<n / 512, 256>>>(d);
    for (int k = 1024; k <= n; k <<= 1)
        for (int j = k >> 1; j > 0; j >>= 1) bitonicStep<<<n / 256, 256>>>(d, j, k);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(v.data(), d, n * sizeof(unsigned), cudaMemcpyDeviceToHost));
    cudaFree(d);
    return v == want ? 0 : 1;
}
