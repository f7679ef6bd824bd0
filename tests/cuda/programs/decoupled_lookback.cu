// A scan in one launch: blocks take tickets and look back at their forerunners' flags.
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

#define BLOCK 128

__device__ int ticketCounter = 0;

__global__ void scan(const int *in, int *out, int n, volatile int *sums, int *flags) {
    __shared__ int s[BLOCK];
    __shared__ int ticket, before;
    if (threadIdx.x == 0) ticket = atomicAdd(&ticketCounter, 1);
    __syncthreads();
    const int i = ticket * BLOCK + threadIdx.x, t = threadIdx.x;
    s[t] = i < n ? in[i] : 0;
    __syncthreads();
    for (int d = 1; d < BLOCK; d *= 2) {
        int v = t >= d ? s[t - d] : 0;
        __syncthreads();
        s[t] += v;
        __syncthreads();
    }
    if (t == 0) {
        int previous = 0;
        if (ticket > 0) {
            while (atomicAdd(&flags[ticket - 1], 0) == 0) {}
            __threadfence();
            previous = sums[ticket - 1];
        }
        before = previous;
        sums[ticket] = previous + s[BLOCK - 1];
        __threadfence();
        atomicExch(&flags[ticket], 1);
    }
    __syncthreads();
    if (i < n) out[i] = before + s[t];
}

int main() {
    const int n = 5000, blocks = (n + BLOCK - 1) / BLOCK;
    std::vector<int> h(n), got(n);
    for (int i = 0; i < n; ++i) h[i] = i % 9 - 3;
    int *in, *out, *sums, *flags;
    CHECK(cudaMalloc(&in, n * 4));
    CHECK(cudaMalloc(&out, n * 4));
    CHECK(cudaMalloc(&sums, blocks * 4));
    CHECK(cudaMalloc(&flags, blocks * 4));
    CHECK(cudaMemset(flags, 0, blocks * 4));
    CHECK(cudaMemcpy(in, h.data(), n * 4, cudaMemcpyHostToDevice));
    scan<<<blocks, BLOCK>>>(in, out, n, sums, flags);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(got.data(), out, n * 4, cudaMemcpyDeviceToHost));
    for (int i = 0, sum = 0; i < n; ++i)
        if (got[i] != (sum += h[i])) return 1;
    return 0;
}
