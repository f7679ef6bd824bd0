// Lambdas as kernel arguments, with captures; a generic for-each.
// Flags: --extended-lambda
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

template <typename F>
__global__ void forEach(int n, F f) {
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += blockDim.x * gridDim.x) f(i);
}

template <typename F>
void parallelFor(int n, F f) {
    forEach<<<(n + 127) / 128, 128>>>(n, f);
    CHECK(cudaGetLastError());
}

int main() {
    const int n = 1000;
    int *a, *b;
    CHECK(cudaMallocManaged(&a, n * sizeof(int)));
    CHECK(cudaMallocManaged(&b, n * sizeof(int)));
    int factor = 3;
    parallelFor(n, [=] __device__(int i) { a[i] = factor * i; });
    parallelFor(n, [=] __host__ __device__(int i) { b[i] = a[i] + 1; });
    CHECK(cudaDeviceSynchronize());
    for (int i = 0; i < n; ++i)
        if (b[i] != 3 * i + 1) return 1;
    parallelFor(n, [a, b] __device__(int i) {
        auto square = [](int v) { return v * v; };
        if (threadIdx.x == 0) a[i] = square(b[i]);
    });
    CHECK(cudaDeviceSynchronize());
    return a[128] == b[128] * b[128] && a[1] == 3 ? 0 : 2;
}
