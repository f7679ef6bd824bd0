// Loads and stores with cache hints, vectors, fences, atomics and the block's barrier by inline PTX.
#include <cstdio>
#include <cstdlib>
#include <vector>

#define CHECK(call)                                                                          \
    do {                                                                                     \
        const cudaError_t status = (call);                                                   \
        if (status != cudaSuccess) {                                                         \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status)); \
            std::exit(1);                                                                    \
        }                                                                                    \
    } while (0)

__device__ __forceinline__ float4 load_once(const float4 *from) {
    float4 v;
    asm volatile("ld.global.nc.L1::no_allocate.v4.f32 {%0, %1, %2, %3}, [%4];"
                 : "=f"(v.x), "=f"(v.y), "=f"(v.z), "=f"(v.w)
                 : "l"(from));
    return v;
}

// Each block adds up its part; the last one to end adds the parts.
__global__ void sum(const float4 *in, int n, float *parts, unsigned *ended, float *out) {
    __shared__ float values[128];
    __shared__ bool last;
    const int t = threadIdx.x;
    float own = 0;
    for (int i = blockIdx.x * 128 + t; i < n; i += gridDim.x * 128) {
        const float4 v = load_once(in + i);
        own += v.x + v.y + v.z + v.w;
        asm volatile("prefetch.global.L2 [%0];" ::"l"(in + i));
    }
    values[t] = own;
    asm volatile("bar.sync 0;" ::: "memory");
    for (int stride = 64; stride > 0; stride /= 2) {
        if (t < stride) values[t] += values[t + stride];
        asm volatile("bar.sync 0;");
    }
    if (t == 0) {
        asm volatile("st.global.cg.f32 [%0], %1;" ::"l"(parts + blockIdx.x), "f"(values[0]) : "memory");
        asm volatile("membar.gl;" ::: "memory");
        unsigned before;
        asm volatile("atom.global.add.u32 %0, [%1], %2;" : "=r"(before) : "l"(ended), "r"(1) : "memory");
        last = before == gridDim.x - 1;
    }
    __syncthreads();
    if (last && t == 0) {
        float total = 0;
        for (int i = 0; i < gridDim.x; ++i) {
            float part;
            asm volatile("ld.global.cg.f32 %0, [%1];" : "=f"(part) : "l"(parts + i));
            total += part;
        }
        asm volatile("st.global.f32 [%0+4], %1;" ::"l"(out - 1), "f"(total));
    }
}

// A flag handed over by release and acquire.
__global__ void pass_on(int *data, int *flag) {
    if (threadIdx.x == 0) {
        data[0] = 42;
        asm volatile("st.release.gpu.global.s32 [%0], %1;" ::"l"(flag), "r"(1) : "memory");
    } else if (threadIdx.x == 32) {
        int seen;
        do {
            asm volatile("ld.acquire.gpu.global.s32 %0, [%1];" : "=r"(seen) : "l"(flag) : "memory");
        } while (seen == 0);
        unsigned short half;
        asm volatile("ld.volatile.global.u8 %0, [%1];" : "=h"(half) : "l"(data));
        data[1] = data[0] + half;
    }
}

int main() {
    const int n = 1000;
    std::vector<float> in(4 * n);
    for (int i = 0; i < 4 * n; ++i) in[i] = i % 7;
    float want = 0;
    for (float x : in) want += x;
    float *d_in, *parts, *out, got;
    unsigned *ended;
    CHECK(cudaMalloc(&d_in, in.size() * sizeof(float)));
    CHECK(cudaMalloc(&parts, 6 * sizeof(float)));
    CHECK(cudaMalloc(&out, sizeof(float)));
    CHECK(cudaMalloc(&ended, sizeof(unsigned)));
    CHECK(cudaMemset(ended, 0, sizeof(unsigned)));
    CHECK(cudaMemcpy(d_in, in.data(), in.size() * sizeof(float), cudaMemcpyHostToDevice));
    sum<<<6, 128>>>(reinterpret_cast<float4 *>(d_in), n, parts, ended, out);
    CHECK(cudaMemcpy(&got, out, sizeof got, cudaMemcpyDeviceToHost));
    if (got != want) return std::fprintf(stderr, "%g, not %g\n", got, want), 2;
    int *data, host[3];
    CHECK(cudaMalloc(&data, 3 * sizeof(int)));
    CHECK(cudaMemset(data, 0, 3 * sizeof(int)));
    pass_on<<<1, 64>>>(data, data + 2);
    CHECK(cudaMemcpy(host, data, sizeof host, cudaMemcpyDeviceToHost));
    if (host[1] != 84) return 3;
    for (void *p : {(void *)d_in, (void *)parts, (void *)out, (void *)ended, (void *)data}) CHECK(cudaFree(p));
}
