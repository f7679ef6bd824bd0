// A vector load by inline PTX from an address that is no multiple of its size.
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

__global__ void sums(const int *in, int *out, int n) {
    const int i = (blockIdx.x * blockDim.x + threadIdx.x) * 2;
    int a, b;
    asm("ld.global.v2.s32 {%0, %1}, [%2];" : "=r"(a), "=r"(b) : "l"(in + (i > 0 ? i - 1 : 1)));  // defect: misaligned_address
    out[i] = a + b;
    out[i + 1] = a - b;
}

int main() {
    const int n = 256;
    int *in, *out, got[n];
    CHECK(cudaMalloc(&in, n * sizeof(int)));
    CHECK(cudaMalloc(&out, n * sizeof(int)));
    CHECK(cudaMemset(in, 1, n * sizeof(int)));
    sums<<<1, 128>>>(in, out, n);
    CHECK(cudaMemcpy(got, out, n * sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", got[0]);
    CHECK(cudaFree(in));
    CHECK(cudaFree(out));
}
