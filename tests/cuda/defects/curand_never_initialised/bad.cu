// Noise on a signal, by generators that the second half of the threads never initialised.
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

__global__ void setup(curandStatePhilox4_32_10_t *states, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) curand_init(5, i, 0, &states[i]);
}

__global__ void disturb(curandStatePhilox4_32_10_t *states, float *signal, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    signal[i] += 0.01f * curand_normal(&states[i]); // defect: uninitialized_read
}

int main() {
    const int n = 512, threads = 128;
    curandStatePhilox4_32_10_t *states;
    float *signal, host[n];
    CHECK(cudaMalloc(&states, n * sizeof *states));
    CHECK(cudaMalloc(&signal, sizeof host));
    CHECK(cudaMemset(signal, 0, sizeof host));
    setup<<<n / threads / 2, threads>>>(states, n);
    disturb<<<n / threads, threads>>>(states, signal, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(host, signal, sizeof host, cudaMemcpyDeviceToHost));
    CHECK(cudaFree(states));
    CHECK(cudaFree(signal));
    int wrong = 0;
    for (float value : host) wrong += !(value > -0.1f && value < 0.1f);
    std::printf(wrong ? "FAIL\n" : "PASS\n");
    return wrong != 0;
}
