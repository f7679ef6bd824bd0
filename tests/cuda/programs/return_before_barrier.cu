// Threads beyond the end return before the barriers, which wait for the others alone.
#include <cstdio>

__global__ void minus_first(const int *in, int *out, int n) {
    __shared__ int first;
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    if (threadIdx.x == 0) first = in[i];
    __syncthreads();
    out[i] = in[i] - first;
}

// Fewer threads in each round; all of the kernel is a function.
__device__ void count_rounds(int *counts) {
    for (unsigned round = 0; round < 8; ++round) {
        if (round > 0 && threadIdx.x >= 256 >> round) return;
        const int here = __syncthreads_count(1);
        if (threadIdx.x == 0) counts[round] = here;
    }
}

__global__ void rounds(int *counts) { count_rounds(counts); }

int main() {
    const int n = 300;
    int h[n], counts[8], *in, *out, *d;
    for (int i = 0; i < n; ++i) h[i] = 3 * i;
    cudaMalloc(&in, sizeof h);
    cudaMalloc(&out, sizeof h);
    cudaMalloc(&d, sizeof counts);
    cudaMemcpy(in, h, sizeof h, cudaMemcpyHostToDevice);
    minus_first<<<3, 128>>>(in, out, n);
    cudaMemcpy(h, out, sizeof h, cudaMemcpyDeviceToHost);
    for (int i = 0; i < n; ++i)
        if (h[i] != 3 * (i % 128)) return 1;
    rounds<<<1, 256>>>(d);
    cudaMemcpy(counts, d, sizeof counts, cudaMemcpyDeviceToHost);
    for (int i = 0; i < 8; ++i)
        if (counts[i] != 256 >> i) return 2;
}
