// cub::BlockReduce: every algorithm, blocks of odd sizes and of two dimensions, part of a tile, several items, custom operators
// and types, and scratch memory that is used again.
#include <cub/block/block_reduce.cuh>
#include <cstdio>
#include <vector>

struct Extent {
    float low, high;
    int at;
};
struct Widen {
    __device__ Extent operator()(const Extent &a, const Extent &b) const {
        return {a.low < b.low ? a.low : b.low, a.high > b.high ? a.high : b.high, a.high > b.high || (a.high == b.high && a.at < b.at) ? a.at : b.at};
    }
};

template <class T, int threads, cub::BlockReduceAlgorithm algorithm, int items>
__global__ void sums(const T *in, T *out, int valid) {
    using Reduce = cub::BlockReduce<T, threads, algorithm>;
    __shared__ typename Reduce::TempStorage scratch;
    T mine[items];
    for (int i = 0; i < items; ++i) mine[i] = in[threadIdx.x * items + i];
    const T all = Reduce(scratch).Sum(mine);
    __syncthreads();
    const T some = Reduce(scratch).Sum(mine[0], valid);
    __syncthreads();
    const T largest = Reduce(scratch).Reduce(mine[0], cuda::maximum<>{});
    if (threadIdx.x == 0) out[0] = all, out[1] = some, out[2] = largest;
}

__global__ void extents(const float *in, Extent *out, int n) {
    using Reduce = cub::BlockReduce<Extent, 24, cub::BLOCK_REDUCE_WARP_REDUCTIONS, 6>;
    __shared__ Reduce::TempStorage scratch;
    const int i = threadIdx.y * 24 + threadIdx.x;
    const float x = i < n ? in[i] : 0;
    const Extent whole = Reduce(scratch).Reduce(Extent{x, x, i}, Widen{}, n);
    if (i == 0) *out = whole;
}

template <class T, int threads, cub::BlockReduceAlgorithm algorithm, int items>
int check() {
    std::vector<T> h(threads * items);
    for (size_t i = 0; i < h.size(); ++i) h[i] = static_cast<T>(static_cast<int>(i * 37 % 101) - 30);
    T *in, *out, got[3];
    cudaMalloc(&in, h.size() * sizeof(T)), cudaMalloc(&out, sizeof got);
    cudaMemcpy(in, h.data(), h.size() * sizeof(T), cudaMemcpyHostToDevice);
    int bad = 0;
    for (const int valid : {1, threads / 2 + 1, threads}) {
        sums<T, threads, algorithm, items><<<1, threads>>>(in, out, valid);
        cudaMemcpy(got, out, sizeof got, cudaMemcpyDeviceToHost);
        T all = 0, some = 0, largest = h[0];
        for (const T x : h) all += x;
        for (int t = 0; t < threads; ++t) {
            const T x = h[t * items];
            if (t < valid) some += x;
            if (x > largest) largest = x;
        }
        bad += got[0] != all || got[1] != some || got[2] != largest;
    }
    cudaFree(in), cudaFree(out);
    if (bad) std::printf("%d threads, algorithm %d, %d items of %zu bytes\n", threads, static_cast<int>(algorithm), items, sizeof(T));
    return bad;
}

template <class T>
int check_type() {
    return check<T, 32, cub::BLOCK_REDUCE_WARP_REDUCTIONS, 1>() + check<T, 128, cub::BLOCK_REDUCE_WARP_REDUCTIONS, 3>() +
           check<T, 97, cub::BLOCK_REDUCE_WARP_REDUCTIONS, 2>() + check<T, 128, cub::BLOCK_REDUCE_RAKING, 2>() + check<T, 61, cub::BLOCK_REDUCE_RAKING, 1>() +
           check<T, 128, cub::BLOCK_REDUCE_RAKING_COMMUTATIVE_ONLY, 1>();
}

int main() {
    int bad = check_type<int>() + check_type<float>() + check_type<double>() + check_type<long long>() + check<unsigned char, 64, cub::BLOCK_REDUCE_WARP_REDUCTIONS, 1>();
    float h[144], *in;
    Extent *out, got;
    for (int i = 0; i < 144; ++i) h[i] = static_cast<float>(i * 53 % 71) - 20;
    cudaMalloc(&in, sizeof h), cudaMalloc(&out, sizeof got);
    cudaMemcpy(in, h, sizeof h, cudaMemcpyHostToDevice);
    for (const int n : {1, 33, 144}) {
        extents<<<1, dim3(24, 6)>>>(in, out, n);
        cudaMemcpy(&got, out, sizeof got, cudaMemcpyDeviceToHost);
        Extent want{h[0], h[0], 0};
        for (int i = 1; i < n; ++i) {
            if (h[i] < want.low) want.low = h[i];
            if (h[i] > want.high) want.high = h[i], want.at = i;
        }
        bad += got.low != want.low || got.high != want.high || got.at != want.at;
    }
    cudaFree(in), cudaFree(out);
    std::printf("%s\n", bad ? "wrong" : "ok");
    return bad != 0;
}
