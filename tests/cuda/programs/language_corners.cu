// Corners of the language: specialisations, constants, array parameters, constructors, loops with gotos, C++17 in kernels.
#include <cuda.h>
#include <cuda_runtime.h>
#include <device_launch_parameters.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std;

#define CHECK(call)                                                                                  \
    do {                                                                                             \
        cudaError_t status = (call);                                                                 \
        if (status != cudaSuccess) {                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status));         \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

#define N 16

__device__ constexpr float kHalf = 0.5f;
__device__ static const int kFour = 4;
static __device__ __constant__ int kTable[3] = {7, 8, 9};
__device__ float d_matrix[2][3] = {{1, 2, 3}, {4, 5, 6}};
__device__ float *d_pointer;

template <typename T> __global__ void specialised(T *x) { x[threadIdx.x] = 1; }
template <> __global__ void specialised<float>(float *x) { x[threadIdx.x] = 2.5f; }
template __global__ void specialised<short>(short *);

__global__ void declaredFirst(int (*a)[N], const float b[], int n = N);

struct Counter {
    int value, step;
    __host__ __device__ explicit Counter(int v) : value{v}, step(kStep) { value += step; }
    __host__ __device__ ~Counter() {}
    static constexpr int kStep = 2;
    __device__ int index() const { return threadIdx.x + blockIdx.x * blockDim.x; }
};

__global__ void declaredFirst(int (*a)[N], const float b[], int n) {
    int row = threadIdx.y, col = threadIdx.x;
    if (row >= n || col >= n) return;
    Counter c(col);
    int sum = 0, k = 0;
again:
    if (k < n) {
        sum += (int)b[k++];
        goto again;
    }
    if constexpr (sizeof(int) == 4) sum += c.value;
    struct { int a, b; } both{row, kTable[col % 3]};
    auto [first, second] = both;
    a[row][col] = sum + first * 100 + second + max(row, col) + min(row, 3) + (int)(kHalf * kFour) + (int)d_matrix[1][col % 3];
}

template <typename... Ts>
__global__ void pack(int *out, Ts... values) {
    int sum = (0 + ... + values);
    auto more = [=](auto... extra) { return (sum + ... + extra); };
    out[threadIdx.x] = more(values...) + (int)sizeof...(Ts);
}

template <template <typename> class Op, typename T>
__global__ void templated(T *x) { x[threadIdx.x] = Op<T>()(x[threadIdx.x]); }
template <typename T> struct Negate { __device__ T operator()(T v) const { return -v; } };

__global__ void usePointer() { d_pointer[threadIdx.x] += 1; }

struct Buffer {
    float *data = nullptr;
    explicit Buffer(size_t n) {
        if (cudaMalloc(&data, n * sizeof(float)) != cudaSuccess) throw std::runtime_error("out of memory");
        cudaMemset(data, 0, n * sizeof(float));
    }
    ~Buffer() { cudaFree(data); }
};
static Buffer atExit(32);

int main() {
    dim3 blockDim(N, N);   // a name like any other on the host
    int(*a)[N], h[N][N];
    float *b, hb[N];
    for (int i = 0; i < N; ++i) hb[i] = i;
    CHECK(cudaMalloc(&a, sizeof h));
    CHECK(cudaMalloc(&b, sizeof hb));
    CHECK(cudaMemcpy(b, hb, sizeof hb, cudaMemcpyHostToDevice));
    declaredFirst<<<1, blockDim>>>(a, b);
    CHECK(cudaMemcpy(h, a, sizeof h, cudaMemcpyDeviceToHost));
    for (int r = 0; r < N; ++r)
        for (int c = 0; c < N; ++c)
            if (h[r][c] != 120 + c + 2 + r * 100 + 7 + c % 3 + max(r, c) + min(r, 3) + 2 + 4 + c % 3) return 1;
    int *out = &a[0][0];
    pack<<<1, 1>>>(out, 1, 2, 3);
    CHECK(cudaMemcpy(h, out, 4, cudaMemcpyDeviceToHost));
    if (h[0][0] != 15) return 2;
    specialised<<<1, N>>>(b);
    templated<Negate><<<1, N>>>(b);
    CHECK(cudaMemcpy(hb, b, sizeof hb, cudaMemcpyDeviceToHost));
    if (hb[3] != -2.5f) return 3;
    CHECK(cudaMemcpyToSymbol(d_pointer, &atExit.data, sizeof(float *)));
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([] {
            for (int i = 0; i < 10; ++i) usePointer<<<1, 32>>>();
            cudaDeviceSynchronize();
        });
    for (auto &t : threads) t.join();
    float back[32];
    CHECK(cudaMemcpy(back, atExit.data, sizeof back, cudaMemcpyDeviceToHost));
    if (back[31] != 40) return 4;
    try {
        Buffer tooBig((size_t)1 << 45);
        return 5;
    } catch (const std::runtime_error &) {
        cudaGetLastError();
    }
    cudaFree(a);
    cudaFree(b);
    return 0;
}
