// Barriers of shared memory in PTX: initialised, arrived at, waited for by token and by parity in loops of jumps, and signalled
// by asynchronous copies. Also stmatrix, and jumps that no barrier needs.
// Arch: sm_90
#include <cuda_fp16.h>
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


__device__ uint32_t address(const void *p) { return static_cast<uint32_t>(__cvta_generic_to_shared(p)); }

__device__ void wait_parity(uint32_t barrier, uint32_t parity) {
    asm volatile("{\n"
                 ".reg .pred passed;\n"
                 "WAIT:\n"
                 "mbarrier.try_wait.parity.shared::cta.b64 passed, [%0], %1;\n"
                 "@passed bra DONE;\n"
                 "bra WAIT;\n"
                 "DONE:\n"
                 "}\n" ::"r"(barrier), "r"(parity) : "memory");
}

__device__ unsigned gcd(unsigned a, unsigned b) {
    asm("{\n"
        "  .reg .pred %%zero;\n"
        "  .reg .u32 %%t<2>;\n"
        "AGAIN: setp.eq.u32 %%zero, %1, 0;\n"
        "  @%%zero bra.uni READY;\n"
        "LESS: sub.u32 %%t0, %0, %1;\n"
        "  setp.lt.u32 %%zero, %0, %1;\n"
        "  @!%%zero mov.u32 %0, %%t0;\n"
        "  @!%%zero bra LESS;\n"
        "  mov.u32 %%t1, %0;\n"
        "  mov.u32 %0, %1;\n"
        "  mov.u32 %1, %%t1;\n"
        "  bra AGAIN;\n"
        "READY:\n"
        "}" : "+r"(a), "+r"(b));
    return a;
}

__global__ void kernel(const int *in, int *out, int rounds) {
    __shared__ uint64_t barrier, copies;
    __shared__ int tile[2][128];
    __shared__ __align__(16) half matrix[8][8];
    const int t = threadIdx.x;
    const uint32_t at = address(&barrier), at_copies = address(&copies);
    if (t == 0) {
        asm volatile("mbarrier.init.shared.b64 [%0], %1;" ::"r"(at), "r"(128) : "memory");
        asm volatile("mbarrier.init.shared::cta.b64 [%0], 128;" ::"r"(at_copies) : "memory");
    }
    __syncthreads();
    int sum = 0;
    for (int round = 0; round < rounds; ++round) {
        asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(address(&tile[round % 2][t])), "l"(in + round * 128 + t) : "memory");
        asm volatile("cp.async.mbarrier.arrive.noinc.shared.b64 [%0];" ::"r"(at_copies) : "memory");
        wait_parity(at_copies, round & 1);
        sum += tile[round % 2][127 - t];
        uint64_t token;
        asm volatile("mbarrier.arrive.shared.b64 %0, [%1];" : "=l"(token) : "r"(at) : "memory");
        unsigned done = 0;
        while (!done)
            asm volatile("{ .reg .pred p; mbarrier.test_wait.shared.b64 p, [%1], %2; selp.u32 %0, 1, 0, p; }" : "=r"(done) : "r"(at), "l"(token) : "memory");
    }
    out[t] = sum;
    out[128 + t] = (int)gcd(t + 1, 36);
    if (t < 32) {   // lane t holds (t / 4, 2 * (t % 4)) and its neighbour; stored transposed
        const half2 mine = __floats2half2_rn((float)(2 * t), (float)(2 * t + 1));
        asm volatile("stmatrix.sync.aligned.m8n8.x1.trans.shared.b16 [%0], {%1};" ::"r"(address(matrix[t % 8])), "r"(*reinterpret_cast<const uint32_t *>(&mine)) : "memory");
    }
    __syncthreads();
    if (t < 64) out[256 + t] = (int)__half2float(matrix[t / 8][t % 8]);
}

int main() {
    const int rounds = 5;
    std::vector<int> in(rounds * 128), out(320);
    for (size_t i = 0; i < in.size(); ++i) in[i] = (int)(i * i % 97);
    int *din, *dout;
    CHECK(cudaMalloc(&din, in.size() * sizeof(int)));
    CHECK(cudaMalloc(&dout, out.size() * sizeof(int)));
    CHECK(cudaMemcpy(din, in.data(), in.size() * sizeof(int), cudaMemcpyHostToDevice));
    kernel<<<1, 128>>>(din, dout, rounds);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(out.data(), dout, out.size() * sizeof(int), cudaMemcpyDeviceToHost));
    CHECK(cudaFree(din)); CHECK(cudaFree(dout));
    for (int t = 0; t < 128; ++t) {
        int want = 0, a = t + 1, b = 36;
        for (int r = 0; r < rounds; ++r) want += in[r * 128 + 127 - t];
        while (b) { const int c = a % b; a = b; b = c; }
        if (out[t] != want || out[128 + t] != a) return printf("%d: %d %d, not %d %d\n", t, out[t], out[128 + t], want, a), 1;
    }
    for (int t = 0; t < 64; ++t)
        if (out[256 + t] != t % 8 * 8 + t / 8) return printf("matrix %d: %d\n", t, out[256 + t]), 1;
    puts("right");
}
