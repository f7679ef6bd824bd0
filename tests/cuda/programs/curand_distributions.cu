// Distributions of curand_kernel.h: their means and variances, for three generators.
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include <cuda_runtime.h>
#include <curand_kernel.h>

#define CHECK(call)                                                                          \
    do {                                                                                     \
        cudaError_t status = (call);                                                         \
        if (status != cudaSuccess) {                                                         \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status)); \
            exit(1);                                                                         \
        }                                                                                    \
    } while (0)

constexpr int blocks = 8, threads = 128, draws = 64;
constexpr int kinds = 10;

struct Moments {
    double sum, squares;
};

__device__ void add(double *sum, double value) {
    for (int lanes = 16; lanes > 0; lanes /= 2) value += __shfl_down_sync(0xffffffff, value, lanes);
    if (threadIdx.x % 32 == 0) atomicAdd(sum, value);
}

template <class State, class Draw>
__device__ void measure(State *state, Moments *moments, Draw next) {
    double sum = 0, squares = 0;
    for (int i = 0; i < draws; ++i) {
        const double x = next(state);
        sum += x;
        squares += x * x;
    }
    add(&moments->sum, sum);
    add(&moments->squares, squares);
}

template <class State>
__global__ void sample(Moments *moments, int *outside) {
    State state;
    curand_init(2024, blockIdx.x * blockDim.x + threadIdx.x, 0, &state);
    measure(&state, moments + 0, [](State *s) { return curand_uniform(s); });
    measure(&state, moments + 1, [](State *s) { return curand_uniform_double(s); });
    measure(&state, moments + 2, [](State *s) { return curand_normal(s); });
    measure(&state, moments + 3, [](State *s) { return curand_normal_double(s); });
    measure(&state, moments + 4, [](State *s) { return curand_log_normal(s, 0.5f, 0.25f); });
    measure(&state, moments + 5, [](State *s) { return curand_log_normal_double(s, 0.5, 0.25); });
    measure(&state, moments + 6, [](State *s) { return static_cast<double>(curand_poisson(s, 4.5)); });
    measure(&state, moments + 7, [](State *s) { return static_cast<double>(curand_poisson(s, 300)); });
    measure(&state, moments + 8, [](State *s) { return static_cast<double>(curand_poisson(s, 10000)); });
    measure(&state, moments + 9, [](State *s) { const float2 pair = curand_normal2(s); return (pair.x + pair.y) / sqrt(2.0); });
    for (int i = 0; i < draws; ++i) {
        const float x = curand_uniform(&state);
        const double y = curand_uniform_double(&state);
        if (!(x > 0 && x <= 1 && y > 0 && y <= 1)) atomicAdd(outside, 1);   // zero is excluded, and one is not
    }
}

// Four at a time are Philox's own.
__global__ void sample_four(Moments *moments) {
    curandStatePhilox4_32_10_t state;
    curand_init(7, blockIdx.x * blockDim.x + threadIdx.x, 0, &state);
    const auto mean = [](float4 v) { return (v.x + v.y + v.z + v.w) / 2.0; };   // of variance as one of them
    measure(&state, moments + 0, [=](curandStatePhilox4_32_10_t *s) { return mean(curand_uniform4(s)); });
    measure(&state, moments + 1, [=](curandStatePhilox4_32_10_t *s) { return mean(curand_normal4(s)); });
}

static int failures = 0;

static void expect(const char *generator, const char *what, const Moments &m, double mean, double variance) {
    const double n = double(blocks) * threads * draws, found = m.sum / n, spread = m.squares / n - found * found;
    const bool right = fabs(found - mean) < 6 * sqrt(variance / n) && fabs(spread / variance - 1) < 0.05;
    if (!right) printf("%s, %s: mean %g for %g, variance %g for %g\n", generator, what, found, mean, spread, variance), ++failures;
}

static void test_four() {
    Moments *moments, found[2];
    CHECK(cudaMalloc(&moments, sizeof found));
    CHECK(cudaMemset(moments, 0, sizeof found));
    sample_four<<<blocks, threads>>>(moments);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(found, moments, sizeof found, cudaMemcpyDeviceToHost));
    CHECK(cudaFree(moments));
    expect("Philox", "uniform4", found[0], 1, 1 / 12.0);
    expect("Philox", "normal4", found[1], 0, 1);
}

template <class State>
static void test(const char *name) {
    Moments *moments, found[kinds];
    int *outside, found_outside;
    CHECK(cudaMalloc(&moments, sizeof found));
    CHECK(cudaMalloc(&outside, sizeof *outside));
    CHECK(cudaMemset(moments, 0, sizeof found));
    CHECK(cudaMemset(outside, 0, sizeof *outside));
    sample<State><<<blocks, threads>>>(moments, outside);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(found, moments, sizeof found, cudaMemcpyDeviceToHost));
    CHECK(cudaMemcpy(&found_outside, outside, sizeof *outside, cudaMemcpyDeviceToHost));
    CHECK(cudaFree(moments));
    CHECK(cudaFree(outside));
    const double s = 0.25 * 0.25, mean = exp(0.5 + s / 2), variance = (exp(s) - 1) * exp(1 + s);
    expect(name, "uniform", found[0], 0.5, 1 / 12.0);
    expect(name, "uniform_double", found[1], 0.5, 1 / 12.0);
    expect(name, "normal", found[2], 0, 1);
    expect(name, "normal_double", found[3], 0, 1);
    expect(name, "log_normal", found[4], mean, variance);
    expect(name, "log_normal_double", found[5], mean, variance);
    expect(name, "poisson(4.5)", found[6], 4.5, 4.5);
    expect(name, "poisson(300)", found[7], 300, 300);
    expect(name, "poisson(10000)", found[8], 10000, 10000);
    expect(name, "normal2", found[9], 0, 1);
    if (found_outside) printf("%s: %d numbers outside of (0, 1]\n", name, found_outside), ++failures;
}

int main() {
    test<curandStateXORWOW_t>("XORWOW");
    test<curandStatePhilox4_32_10_t>("Philox");
    test<curandStateMRG32k3a_t>("MRG32k3a");
    test_four();
    printf(failures ? "FAIL\n" : "PASS\n");
    return failures != 0;
}
