// __CUDA_ARCH__ is defined on the device alone: one function has two bodies.
#include <cstdio>

#ifndef __CUDA_ARCH__
#include <stdexcept>
#include <string>
#endif

#ifdef __CUDA_ARCH__
#define SIDE 1
#else
#define SIDE 2
#endif

namespace shapes {

#ifndef __CUDA_ARCH__
static int refused = 0;
static std::string refuse(int i) { return "no element " + std::to_string(i) + (++refused ? "" : "!"); }
#endif

template <class T, int N>
struct Array {
    T values[N];

    __host__ __device__ Array() : values{} {
#ifdef __CUDA_ARCH__
        values[0] = 10;
#else
        values[0] = 20;
#endif
    }
    __host__ __device__ const T &at(int i) const;
    __host__ __device__ Array &operator=(int value) {
        values[0] = value + SIDE;
        return *this;
    }
};

template <class T, int N>
__host__ __device__ const T &Array<T, N>::at(int i) const {
#ifndef __CUDA_ARCH__
    if (i >= N) throw std::out_of_range(refuse(i));
#endif
    return values[i];
}

}  // namespace shapes

__host__ __device__ inline int side() { return SIDE; }

#ifdef __CUDA_ARCH__
__device__ int nearest(float x) { return __float2int_rn(x); }
#else
int nearest(float x) { return static_cast<int>(x + 0.5f); }
#endif

__device__ int sum_of_warp(int x) {
#if __CUDA_ARCH__ >= 800
    return __reduce_add_sync(0xffffffffu, x);
#else
    for (int offset = 16; offset > 0; offset /= 2) x += __shfl_xor_sync(0xffffffffu, x, offset);
    return x;
#endif
}

__global__ void look(int *out) {
    shapes::Array<int, 3> array;
    const int sum = sum_of_warp(threadIdx.x);
    if (threadIdx.x != 0) return;
    out[0] = side();
    out[1] = array.at(0);
    array = 100;
    out[2] = array.at(0);
    out[3] = nearest(2.5f);
    out[4] = sum;
#ifdef __CUDA_ARCH__
    out[5] = __LINE__;
#endif
}

int main() {
    int *d, h[6];
    cudaMalloc(&d, sizeof h);
    look<<<1, 32>>>(d);
    cudaMemcpy(h, d, sizeof h, cudaMemcpyDeviceToHost);
    const int want[6] = {1, 10, 101, 2, 496, 78};
    for (int i = 0; i < 6; ++i)
        if (h[i] != want[i]) {
            printf("%d: %d, not %d\n", i, h[i], want[i]);
            return 1;
        }
    shapes::Array<int, 3> array;
    if (side() != 2 || array.at(0) != 20 || nearest(2.5f) != 3) return 2;
    array = 100;
    if (array.at(0) != 102) return 3;
#ifdef __CUDA_ARCH__
    return 4;
#else
    try {
        array.at(3);
    } catch (const std::out_of_range &) {
        return shapes::refused - 1;
    }
    return 5;
#endif
}
