// Special registers, bit operations and wide multiplication by inline PTX.
#include <cstdio>
#include <cstdlib>
#include <cstdint>

#define CHECK(call)                                                                          \
    do {                                                                                     \
        const cudaError_t status = (call);                                                   \
        if (status != cudaSuccess) {                                                         \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status)); \
            std::exit(1);                                                                    \
        }                                                                                    \
    } while (0)

__device__ __forceinline__ unsigned lane_id() {
    unsigned id;
    asm volatile("mov.u32 %0, %%laneid;" : "=r"(id));
    return id;
}
__device__ unsigned mask_lt() {
    unsigned mask;
    asm("mov.u32 %0, %lanemask_lt;" : "=r"(mask));
    return mask;
}

#define REGISTER(type, name, constraint)                     \
    ({                                                       \
        type value;                                          \
        asm volatile("mov." #constraint " %0, %%" #name ";"  \
                     : "=r"(value));                         \
        value;                                               \
    })

__device__ int bad;
#define EXPECT(condition) \
    if (!(condition)) atomicCAS(&bad, 0, __LINE__)

__global__ void registers() {
    EXPECT(REGISTER(unsigned, tid.x, u32) == threadIdx.x && REGISTER(unsigned, tid.y, u32) == threadIdx.y);
    EXPECT(REGISTER(int, ntid.x, s32) == blockDim.x && REGISTER(unsigned, ctaid.x, b32) == blockIdx.x);
    EXPECT(REGISTER(unsigned, nctaid.x, u32) == gridDim.x && REGISTER(unsigned, nctaid.z, u32) == 1);
    const unsigned linear = threadIdx.y * blockDim.x + threadIdx.x, lane = linear % 32;
    EXPECT(lane_id() == lane && mask_lt() == (1u << lane) - 1);
    EXPECT(REGISTER(unsigned, lanemask_le, u32) == (mask_lt() | 1u << lane) && REGISTER(unsigned, lanemask_eq, u32) == 1u << lane);
    EXPECT(REGISTER(unsigned, lanemask_ge, u32) == ~mask_lt() && REGISTER(unsigned, lanemask_gt, u32) == ~(mask_lt() | 1u << lane));
    EXPECT(REGISTER(unsigned, smid, u32) < REGISTER(unsigned, nsmid, u32) && REGISTER(unsigned, warpid, u32) < REGISTER(unsigned, nwarpid, u32));
    unsigned long long before, after, time;
    asm volatile("mov.u64 %0, %%clock64;" : "=l"(before)::"memory");
    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(time));
    asm volatile("mov.u64 %0, %%clock64;" : "=l"(after)::"memory");
    EXPECT(after >= before && time != 0);
}

__global__ void operations(unsigned x, unsigned y, unsigned long long z, float f) {
    unsigned r, s;
    int i;
    unsigned long long w;
    asm("bfe.u32 %0, %1, %2, %3;" : "=r"(r) : "r"(x), "r"(4), "r"(8));
    EXPECT(r == (x >> 4 & 255));
    asm("bfe.s32 %0, %1, 4, 4;" : "=r"(i) : "r"(static_cast<int>(x)));
    EXPECT(i == static_cast<int>(x << 24) >> 28);
    asm("bfe.u64 %0, %1, 40, 30;" : "=l"(w) : "l"(z));
    EXPECT(w == z >> 40);
    asm("bfi.b32 %0, %1, %2, %3, %4;" : "=r"(r) : "r"(x), "r"(y), "r"(8), "n"(12));
    EXPECT(r == ((y & ~(0xfffu << 8)) | (x & 0xfff) << 8));
    asm("prmt.b32 %0, %1, %2, 0x7531;" : "=r"(r) : "r"(x), "r"(y));
    EXPECT(r == __byte_perm(x, y, 0x7531));
    asm("lop3.b32 %0, %1, %2, %3, 0xE8;" : "=r"(r) : "r"(x), "r"(y), "r"(lane_id() + 7u * threadIdx.x));
    s = lane_id() + 7u * threadIdx.x;
    EXPECT(r == ((x & y) | (x & s) | (y & s)));
    asm("mad.lo.u32 %0, %1, %2, %3;" : "=r"(r) : "r"(x), "r"(y), "r"(s));
    EXPECT(r == x * y + s);
    asm("mul.hi.u32 %0, %1, %2;" : "=r"(r) : "r"(x), "r"(y));
    EXPECT(r == __umulhi(x, y));
    asm("mul.wide.u32 %0, %1, %2;" : "=l"(w) : "r"(x), "r"(y));
    EXPECT(w == 1ull * x * y);
    asm("mad.wide.u32 %0, %1, %2, %0;" : "+l"(w) : "r"(x), "r"(y));
    EXPECT(w == 2ull * x * y);
    asm("mov.b64 {%0, %1}, %2;" : "=r"(r), "=r"(s) : "l"(z));
    EXPECT(r == static_cast<unsigned>(z) && s == z >> 32);
    asm("mov.b64 %0, {%1, %2};" : "=l"(w) : "r"(s), "r"(r));
    EXPECT(w == (z << 32 | z >> 32));
    asm("{ shf.l.wrap.b32 %0, %1, %2, %3; }" : "=r"(r) : "r"(x), "r"(y), "r"(5));
    EXPECT(r == (y << 5 | x >> 27));
    asm("shl.b32 %0, %1, 40; \n\t"
        "add.u32 %0, %0, %2;"
        : "=&r"(r) : "r"(x), "r"(y));
    EXPECT(r == y);
    asm("add.s32 %0, %0, %1;" : "+r"(r) : "r"(-1));
    EXPECT(r == y - 1);
    asm("popc.b64 %0, %1;" : "=r"(r) : "l"(z));
    EXPECT(r == __popcll(z));
    float g;
    asm("fma.rn.f32 %0, %1, %1, %2;" : "=f"(g) : "f"(f), "f"(1.0f));
    EXPECT(g == fmaf(f, f, 1.0f));
    asm("mov.b32 %0, %1;" : "=r"(r) : "f"(f));
    EXPECT(r == __float_as_uint(f));
    asm("mov.f32 %0, 0f3F800000;" : "=f"(g));
    EXPECT(g == 1.0f);
}

int main() {
    registers<<<5, dim3(24, 4)>>>();
    CHECK(cudaDeviceSynchronize());
    operations<<<2, 64>>>(0x89abcdefu, 0x12345678u, 0xfedcba9876543210ull, 1.375f);
    CHECK(cudaDeviceSynchronize());
    int line;
    CHECK(cudaMemcpyFromSymbol(&line, bad, sizeof line));
    if (line) std::fprintf(stderr, "line %d\n", line);
    return line != 0;
}
