// Monte Carlo with a generator for each thread.
#include <cstdio>
#include <cstdlib>

#include <curand_kernel.h>

#define CHECK(call)                                                              \
    do {                                                                         \
        const cudaError_t status = (call);                                       \
        if (status != cudaSuccess) {                                             \
            std::fprintf(stderr, "%s: %s\\n", #call, cudaGetErrorString(status)); \
            std::exit(1);                                                        \
        }                                                                        \
    } while (0)

__global__ void setup(curandState *states) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    curand_init(1, i, 0, &states[i]);
}

__global__ void count(curandState *states, unsigned *inside, int draws) {
    curandState *state = &states[blockIdx.x * blockDim.x + threadIdx.x];
    unsigned hits = 0;
    for (int i = 0; i < draws; ++i) {
        const float x = curand_uniform(state), y = curand_uniform(state);
        hits += x * x + y * y <= 1.0f;
    }
    atomicAdd(inside, hits);
}

int main() {
    const int blocks = 4, threads = 64, draws = 100;
    curandState *states;
    unsigned *inside, hits = 0;
    CHECK(cudaMalloc(&states, blocks * threads * sizeof *states));
    CHECK(cudaMalloc(&inside, sizeof *inside));
    CHECK(cudaMemset(inside, 0, sizeof *inside));
    setup<<<blocks, threads>>>(states);
    count<<<blocks, threads>>>(states, inside, draws);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(&hits, inside, sizeof hits, cudaMemcpyDeviceToHost));
    CHECK(cudaFree(states));
    CHECK(cudaFree(inside));
    const double pi = 4.0 * hits / (blocks * threads * draws);
    const bool right = pi > 3.0 && pi < 3.3;
    std::printf(right ? "PASS\n" : "FAIL\n");
    return !right;
}
