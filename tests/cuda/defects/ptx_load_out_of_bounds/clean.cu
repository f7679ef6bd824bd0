// A load by inline PTX behind the end of an array.
#include <cstdio>
#include <cstdlib>

#define CHECK(call)                                                              \
    do {                                                                         \
        const cudaError_t status = (call);                                       \
        if (status != cudaSuccess) {                                             \
            std::fprintf(stderr, "%s: %s\n", #call, cudaGetErrorString(status)); \
            std::exit(1);                                                        \
        }                                                                        \
    } while (0)

__global__ void next(const int *in, int *out, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    int value;
    asm volatile("ld.global.nc.s32 %0, [%1];" : "=r"(value) : "l"(in + (i + 1 < n ? i + 1 : i)));
    out[i] = value;
}

int main() {
    const int n = 256;
    int *in, *out, got[n];
    CHECK(cudaMalloc(&in, n * sizeof(int)));
    CHECK(cudaMalloc(&out, n * sizeof(int)));
    CHECK(cudaMemset(in, 1, n * sizeof(int)));
    next<<<2, 128>>>(in, out, n);
    CHECK(cudaMemcpy(got, out, n * sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", got[0]);
    CHECK(cudaFree(in));
    CHECK(cudaFree(out));
}
