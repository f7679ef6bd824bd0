// Argmax by packed 64-bit atomics and by shuffles of pairs; the k largest by repeated selection.
#include <algorithm>
#include <cfloat>
#include <cstring>
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

__device__ __host__ inline unsigned long long pack(float value, unsigned index) {
    unsigned bits;
    memcpy(&bits, &value, 4);
    bits = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
    return (unsigned long long)bits << 32 | (0xffffffffu - index);
}

__global__ void argmaxAtomic(const float *x, int n, unsigned long long *best) {
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) atomicMax(best, pack(x[i], i));
}

__global__ void topk(const float *x, int n, int k, float *values, int *indices) {
    extern __shared__ char raw[];
    float *copy = (float *)raw;
    for (int i = threadIdx.x; i < n; i += 32) copy[i] = x[i];
    __syncwarp();
    for (int r = 0; r < k; ++r) {
        float best = -FLT_MAX;
        int at = -1;
        for (int i = threadIdx.x; i < n; i += 32)
            if (copy[i] > best) best = copy[i], at = i;
        for (int o = 16; o; o >>= 1) {
            float b = __shfl_xor_sync(~0u, best, o);
            int a = __shfl_xor_sync(~0u, at, o);
            if (b > best || (b == best && a >= 0 && a < at)) best = b, at = a;
        }
        if (threadIdx.x == 0) values[r] = best, indices[r] = at, copy[at] = -FLT_MAX;
        __syncwarp();
    }
}

int main() {
    const int n = 500, k = 8;
    std::vector<float> h(n);
    for (int i = 0; i < n; ++i) h[i] = (float)((i * 7919) % 1009) - 400;
    float *x, *values, v[k];
    int *indices, idx[k];
    unsigned long long *best, b;
    CHECK(cudaMalloc(&x, n * 4));
    CHECK(cudaMalloc(&values, k * 4));
    CHECK(cudaMalloc(&indices, k * 4));
    CHECK(cudaMalloc(&best, 8));
    CHECK(cudaMemset(best, 0, 8));
    CHECK(cudaMemcpy(x, h.data(), n * 4, cudaMemcpyHostToDevice));
    argmaxAtomic<<<3, 64>>>(x, n, best);
    CHECK(cudaMemcpy(&b, best, 8, cudaMemcpyDeviceToHost));
    int want = (int)(std::max_element(h.begin(), h.end()) - h.begin());
    if ((int)(0xffffffffu - (unsigned)b) != want) return 1;
    topk<<<1, 32, n * sizeof(float)>>>(x, n, k, values, indices);
    CHECK(cudaMemcpy(v, values, sizeof v, cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(idx, indices, sizeof idx, cudaMemcpyDeviceToHost));
    std::sort(h.rbegin(), h.rend());
    for (int r = 0; r < k; ++r)
        if (v[r] != h[r]) return 2;
    return idx[0] == want ? 0 : 3;
}
