// Shared memory by addresses of 32 bits: loads, stores, vectors, atomics, predicated and zero-filled copies, declared registers.
// Arch: sm_80
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cmath>
#include <vector>

#define CHECK(call)                                                                          \
    do {                                                                                     \
        cudaError_t status = (call);                                                         \
        if (status != cudaSuccess) {                                                         \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status)); \
            exit(1);                                                                         \
        }                                                                                    \
    } while (0)


__device__ uint32_t shared_address(const void *p) { return static_cast<uint32_t>(__cvta_generic_to_shared(p)); }

__global__ void kernel(const int *in, int n, int *out) {
    extern __shared__ __align__(16) int dynamic[];
    __shared__ int fixed[256];
    __shared__ unsigned total;
    const int t = threadIdx.x;
    const uint32_t to = shared_address(fixed + t), ends = shared_address(dynamic);
    if (t == 0) total = 0;
    asm volatile("st.shared.u32 [%0], %1;" ::"r"(to), "r"(in[t] * 2) : "memory");
    __syncthreads();
    int left;
    asm volatile("ld.shared.u32 %0, [%1 + 4];" : "=r"(left) : "r"(shared_address(fixed + (t < 255 ? t : 0))) : "memory");
    asm volatile("red.shared.add.u32 [%0], %1;" ::"r"(shared_address(&total)), "r"(1) : "memory");
    // Beyond n nothing is read, and zeros arrive.
    const int bytes = t * 4 + 16 <= n * 4 ? 16 : t * 4 < n * 4 ? n * 4 - t * 4 : 0;
    if (t % 4 == 0) asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(ends + t * 4), "l"(in + t), "n"(16), "r"(bytes) : "memory");
    // Only threads that have the predicate copy.
    asm volatile("{\n"
                 "  .reg .pred p;\n"
                 "  setp.ne.b32 p, %0, 0;\n"
                 "  @p cp.async.ca.shared.global [%1], [%2], 4;\n"
                 "}\n" ::"r"(t % 2), "r"(ends + 1024 + t * 4), "l"(in + t) : "memory");
    asm volatile("cp.async.wait_all;\n" ::: "memory");
    if (t % 2 == 0) *static_cast<int *>(__cvta_shared_to_generic(ends + 1024 + t * 4)) = -1;
    __syncthreads();
    uint4 four;
    asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(four.x), "=r"(four.y), "=r"(four.z), "=r"(four.w) : "r"(ends + t / 4 * 16));
    const unsigned mine = t % 4 == 0 ? four.x : t % 4 == 1 ? four.y : t % 4 == 2 ? four.z : four.w;
    unsigned least;
    asm("{ .reg .pred small; .reg .u32 limit; mov.u32 limit, 7; setp.lt.u32 small, %1, limit; selp.u32 %0, 1, 0, small; }" : "=r"(least) : "r"(t));
    out[t] = left;
    out[256 + t] = mine;
    out[512 + t] = dynamic[256 + t];
    out[768 + t] = least + 10 * total;
}

int main() {
    const int n = 203;
    std::vector<int> in(256), out(1024);
    for (int i = 0; i < 256; ++i) in[i] = i * 3 + 1;
    int *din, *dout;
    CHECK(cudaMalloc(&din, 256 * sizeof(int)));
    CHECK(cudaMalloc(&dout, 1024 * sizeof(int)));
    CHECK(cudaMemcpy(din, in.data(), 256 * sizeof(int), cudaMemcpyHostToDevice));
    kernel<<<1, 256, 2048>>>(din, n, dout);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(out.data(), dout, 1024 * sizeof(int), cudaMemcpyDeviceToHost));
    CHECK(cudaFree(din)); CHECK(cudaFree(dout));
    for (int t = 0; t < 256; ++t) {
        if (out[t] != 2 * in[t < 255 ? t + 1 : 1]) return printf("left of %d: %d\n", t, out[t]), 1;
        if (out[256 + t] != (t < n ? in[t] : 0)) return printf("copy of %d: %d\n", t, out[256 + t]), 1;
        if (out[512 + t] != (t % 2 ? in[t] : -1)) return printf("predicated %d: %d\n", t, out[512 + t]), 1;
        if (out[768 + t] != 2560 + (t < 7)) return printf("least %d: %d\n", t, out[768 + t]), 1;
    }
    puts("right");
}
