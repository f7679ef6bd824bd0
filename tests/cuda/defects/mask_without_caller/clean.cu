// Lanes that hold a value vote among themselves; the mask leaves out lane 0, which votes too.
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
__global__ void agree(const int *in, int *out) {
    const int lane = threadIdx.x;
    const int value = in[lane];
    const unsigned others = 0xffffffffu;
    const int all_positive = __all_sync(others, value > 0);
    out[lane] = all_positive;
}

int main() {
    std::vector<int> host(32, 1);
    int *d_in, *d_out;
    CHECK(cudaMalloc(&d_in, 32 * sizeof(int)));
    CHECK(cudaMalloc(&d_out, 32 * sizeof(int)));
    CHECK(cudaMemcpy(d_in, host.data(), 32 * sizeof(int), cudaMemcpyHostToDevice));
    agree<<<1, 32>>>(d_in, d_out);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(host.data(), d_out, 32 * sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", host[1]);
    CHECK(cudaFree(d_in));
    CHECK(cudaFree(d_out));
}
