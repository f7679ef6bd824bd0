// The last steps of a reduction, within one warp, in shared memory.
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
__global__ void sum(const int *in, int *out) {
    __shared__ int values[64];
    const int t = threadIdx.x;
    values[t] = in[t];
    __syncthreads();
    if (t < 32) {
        for (int offset = 32; offset > 0; offset /= 2) {
            values[t] += values[t + offset < 64 ? t + offset : t]; // defect: race
        }
    }
    if (t == 0) *out = values[0];
}

int main() {
    std::vector<int> in(64, 3);
    int *d_in, *d_out, out;
    CHECK(cudaMalloc(&d_in, 64 * sizeof(int)));
    CHECK(cudaMalloc(&d_out, sizeof(int)));
    CHECK(cudaMemcpy(d_in, in.data(), 64 * sizeof(int), cudaMemcpyHostToDevice));
    sum<<<1, 64>>>(d_in, d_out);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(&out, d_out, sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", out);
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(d_out));
}
