// A store by inline PTX that other threads read, with no barrier between.
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

__global__ void reverse(const int *in, int *out) {
    const int t = threadIdx.x;
    asm volatile("st.global.u32 [%0], %1;" ::"l"(out + t), "r"(in[t] + t) : "memory");
    asm volatile("bar.sync 0;" ::: "memory");
    const int other = out[255 - t];
    __syncthreads();
    asm volatile("st.global.u32 [%0], %1;" ::"l"(out + t), "r"(other) : "memory");
}

int main() {
    const int n = 256;
    int *in, *out, got[n];
    CHECK(cudaMalloc(&in, n * sizeof(int)));
    CHECK(cudaMalloc(&out, n * sizeof(int)));
    CHECK(cudaMemset(in, 1, n * sizeof(int)));
    reverse<<<1, 256>>>(in, out);
    CHECK(cudaMemcpy(got, out, n * sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", got[0]);
    CHECK(cudaFree(in));
    CHECK(cudaFree(out));
}
