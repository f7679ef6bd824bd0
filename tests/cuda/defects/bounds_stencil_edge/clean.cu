// Second differences; the last element has no right neighbour.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <cuda_runtime.h>

#define CHECK(call)                                                              \
    do {                                                                         \
        const cudaError_t status = (call);                                       \
        if (status != cudaSuccess) {                                             \
            std::fprintf(stderr, "%s: %s\n", #call, cudaGetErrorString(status)); \
            std::exit(1);                                                        \
        }                                                                        \
    } while (0)
__global__ void laplace(const double *u, double *out, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i > 0 && i < n - 1)
        out[i] = u[i - 1] - 2 * u[i] + u[i + 1];
    else if (i < n)
        out[i] = 0;
}

int main() {
    const int n = 384;
    std::vector<double> u(n), out(n);
    for (int i = 0; i < n; ++i) u[i] = i * i;
    double *d_u, *d_out;
    CHECK(cudaMalloc(&d_u, n * sizeof(double)));
    CHECK(cudaMalloc(&d_out, n * sizeof(double)));
    CHECK(cudaMemcpy(d_u, u.data(), n * sizeof(double), cudaMemcpyHostToDevice));
    laplace<<<3, 128>>>(d_u, d_out, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(out.data(), d_out, n * sizeof(double), cudaMemcpyDeviceToHost));
    std::printf("%g\n", out[1]);
    CHECK(cudaFree(d_u));
    CHECK(cudaFree(d_out));
}
