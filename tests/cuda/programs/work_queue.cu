// A dynamic queue of work: blocks take tickets until none is left; results by a critical section of one lane.
#include <cstdio>
#include <cstdlib>

#define CHECK(call)                                                                                  \
    do {                                                                                             \
        cudaError_t status = (call);                                                                 \
        if (status != cudaSuccess) {                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status));         \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

__device__ int nextTicket;
__device__ unsigned long long total;

__global__ void workers(const int *work, int n) {
    __shared__ int ticket;
    for (;;) {
        if (threadIdx.x == 0) ticket = atomicAdd(&nextTicket, 1);
        __syncthreads();
        int mine = ticket;
        __syncthreads();
        if (mine >= n) break;
        unsigned long long sum = 0;
        for (int i = threadIdx.x; i < work[mine]; i += blockDim.x) sum += i;
        for (int o = 16; o; o >>= 1) sum += __shfl_down_sync(~0u, sum, o);
        if ((threadIdx.x & 31) == 0) atomicAdd(&total, sum);
    }
}

int main() {
    const int n = 40;
    int h[n], *work, zero = 0;
    unsigned long long want = 0, got = 0;
    for (int i = 0; i < n; ++i) {
        h[i] = (i * 37) % 200;
        for (int k = 0; k < h[i]; ++k) want += k;
    }
    CHECK(cudaMalloc(&work, sizeof h));
    CHECK(cudaMemcpy(work, h, sizeof h, cudaMemcpyHostToDevice));
    CHECK(cudaMemcpyToSymbol(nextTicket, &zero, sizeof zero));
    CHECK(cudaMemcpyToSymbol(total, &got, sizeof got));
    workers<<<6, 64>>>(work, n);
    CHECK(cudaDeviceSynchronize());
    CHECK(cudaMemcpyFromSymbol(&got, total, sizeof got));
    return got == want ? 0 : 1;
}
