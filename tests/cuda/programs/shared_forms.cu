// Shared memory in every form: several arrays, dynamic with alignment, of structures, in device functions and templates.
#include <cstdio>
#include <cstdlib>
#include <cstdint>

#define CHECK(call)                                                                                  \
    do {                                                                                             \
        cudaError_t status = (call);                                                                 \
        if (status != cudaSuccess) {                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status));         \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

struct __align__(16) Particle {
    float x, y, z, m;
};

template <typename T, int N>
__device__ T rotate(T v) {
    __shared__ T ring[N];
    ring[threadIdx.x] = v;
    __syncthreads();
    T r = ring[(threadIdx.x + 1) % N];
    __syncthreads();
    return r;
}

extern __shared__ __align__(16) unsigned char pool[];

__global__ void forms(float *out) {
    __shared__ Particle p[64];
    __shared__ float one, grid[4][16];
    static __shared__ int counter;
    volatile __shared__ int v[64];
    float *f = reinterpret_cast<float *>(pool);
    double *d = reinterpret_cast<double *>(pool + 64 * sizeof(float));
    const int i = threadIdx.x;
    if (i == 0) one = 0.5f, counter = 0;
    p[i] = {1.0f * i, 2, 3, 4};
    grid[i / 16][i % 16] = i;
    v[i] = i;
    f[i] = i;
    d[i] = 2 * i;
    __syncthreads();
    atomicAdd(&counter, 1);
    __syncthreads();
    float r = rotate<float, 64>(p[63 - i].x) + rotate<int, 64>(i);
    out[i] = one + counter + grid[3 - i / 16][15 - i % 16] + v[63 - i] + f[63 - i] + (float)d[63 - i] + r;
}

template <typename T>
struct SharedMemory {
    __device__ operator T *() {
        extern __shared__ int raw[];
        return (T *)raw;
    }
};

template <typename T>
__global__ void typed(T *out) {
    T *s = SharedMemory<T>();
    s[threadIdx.x] = threadIdx.x * (T)1.5;
    __syncthreads();
    out[threadIdx.x] = s[blockDim.x - 1 - threadIdx.x];
}

__global__ void alignedLate(float *out) {
    extern __shared__ float4 vec[];
    vec[threadIdx.x] = make_float4(threadIdx.x, 1, 2, 3);
    __syncwarp();
    out[threadIdx.x] = vec[31 - threadIdx.x].x;
}

int main() {
    float *d, h[64];
    CHECK(cudaMalloc(&d, 64 * sizeof(double)));
    forms<<<3, 64, 64 * (sizeof(float) + sizeof(double))>>>(d);
    CHECK(cudaMemcpy(h, d, sizeof h, cudaMemcpyDeviceToHost));
    for (int i = 0; i < 64; ++i) {
        const int next = (i + 1) % 64;
        if (h[i] != 0.5f + 64 + (63 - i) + (63 - i) + (63 - i) + 2 * (63 - i) + (63 - next) + next) return 1;
    }
    typed<float><<<1, 64, 64 * sizeof(float)>>>(d);
    CHECK(cudaMemcpy(h, d, sizeof h, cudaMemcpyDeviceToHost));
    if (h[0] != 94.5f || h[63] != 0) return 2;
    double *dd = (double *)d, hd[64];
    typed<<<1, 64, 64 * sizeof(double)>>>(dd);
    CHECK(cudaMemcpy(hd, dd, sizeof hd, cudaMemcpyDeviceToHost));
    if (hd[0] != 94.5) return 3;
    alignedLate<<<1, 32, 32 * sizeof(float4)>>>(d);
    CHECK(cudaMemcpy(h, d, sizeof h, cudaMemcpyDeviceToHost));
    return h[0] == 31 ? 0 : 4;
}
