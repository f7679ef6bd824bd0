// Pi by counting points, with a generator of its own for each thread.
#include <cmath>
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

struct Xorshift {
    unsigned long long state;
    __device__ explicit Xorshift(unsigned long long seed) : state(seed * 0x9E3779B97F4A7C15ull + 1) {}
    __device__ float uniform() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return (state >> 40) * (1.0f / 16777216.0f);
    }
};

__global__ void count(unsigned long long *inside, int perThread) {
    Xorshift random(blockIdx.x * blockDim.x + threadIdx.x + 1);
    unsigned hits = 0;
    for (int i = 0; i < perThread; ++i) {
        float x = random.uniform(), y = random.uniform();
        hits += x * x + y * y <= 1.0f;
    }
    __shared__ unsigned total;
    if (threadIdx.x == 0) total = 0;
    __syncthreads();
    atomicAdd(&total, hits);
    __syncthreads();
    if (threadIdx.x == 0) atomicAdd(inside, (unsigned long long)total);
}

int main() {
    unsigned long long *d, inside;
    CHECK(cudaMalloc(&d, sizeof *d));
    CHECK(cudaMemset(d, 0, sizeof *d));
    count<<<16, 128>>>(d, 200);
    CHECK(cudaMemcpy(&inside, d, sizeof inside, cudaMemcpyDeviceToHost));
    double pi = 4.0 * inside / (16.0 * 128 * 200);
    printf("%f\n", pi);
    return fabs(pi - M_PI) < 0.02 ? 0 : 1;
}
