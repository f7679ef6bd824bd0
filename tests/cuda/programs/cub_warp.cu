// CUB's primitives of a warp: reductions and scans of whole, part and logical warps, by segments, of numbers and classes;
// loads, exchange and stores; merge sort; shuffles of any type, matches, and loads and stores with cache hints.
#include <cub/thread/thread_load.cuh>
#include <cub/thread/thread_reduce.cuh>
#include <cub/thread/thread_store.cuh>
#include <cub/util_ptx.cuh>
#include <cub/warp/warp_exchange.cuh>
#include <cub/warp/warp_load.cuh>
#include <cub/warp/warp_merge_sort.cuh>
#include <cub/warp/warp_reduce.cuh>
#include <cub/warp/warp_scan.cuh>
#include <cub/warp/warp_store.cuh>
#include <cuda/functional>
#include <cstdio>

constexpr int kWarps = 3, kThreads = 32 * kWarps;

struct Longest {   // the longest word, the first of equals
    double length;
    int at;
};
struct Longer {
    __device__ Longest operator()(const Longest &a, const Longest &b) const { return b.length > a.length || (b.length == a.length && b.at < a.at) ? b : a; }
};

template <class T, int width>
__global__ void reduce(const T *in, T *sums, T *partial, T *scans, T *totals, int valid) {
    using Reduce = cub::WarpReduce<T, width>;
    using Scan = cub::WarpScan<T, width>;
    constexpr int groups = kThreads / width;
    __shared__ typename Reduce::TempStorage scratch[groups];
    __shared__ typename Scan::TempStorage scan_scratch[groups];
    const int group = threadIdx.x / width, lane = threadIdx.x % width;
    const T mine = in[threadIdx.x];
    const T sum = Reduce(scratch[group]).Sum(mine);
    __syncwarp();
    const T some = Reduce(scratch[group]).Reduce(mine, cuda::maximum<>{}, valid);
    T inclusive, total;
    Scan(scan_scratch[group]).InclusiveSum(mine, inclusive, total);
    scans[threadIdx.x] = inclusive;
    if (lane == 0) sums[group] = sum, partial[group] = some;
    if (lane == width - 1) totals[group] = total;
}

__global__ void classes(const double *in, Longest *out, const int *heads, int *segments) {
    using Reduce = cub::WarpReduce<Longest>;
    using Segments = cub::WarpReduce<int>;
    __shared__ Reduce::TempStorage scratch[kWarps];
    __shared__ Segments::TempStorage segment_scratch[kWarps];
    const int warp = threadIdx.x / 32;
    const Longest longest = Reduce(scratch[warp]).Reduce(Longest{in[threadIdx.x], static_cast<int>(threadIdx.x)}, Longer{});
    const int head = heads[threadIdx.x], sum = Segments(segment_scratch[warp]).HeadSegmentedSum(static_cast<int>(threadIdx.x), head);
    if (threadIdx.x % 32 == 0) out[warp] = longest;
    segments[threadIdx.x] = head || threadIdx.x % 32 == 0 ? sum : -1;
}

struct Descending {
    __device__ bool operator()(int a, int b) const { return a > b; }
};

__global__ void move_and_sort(const int *in, int *striped, int *sorted) {
    using Load = cub::WarpLoad<int, 4, cub::WARP_LOAD_TRANSPOSE>;
    using Exchange = cub::WarpExchange<int, 4>;
    using Sort = cub::WarpMergeSort<int, 4, 32>;
    using Store = cub::WarpStore<int, 4, cub::WARP_STORE_VECTORIZE>;
    __shared__ union {
        Load::TempStorage load;
        Exchange::TempStorage exchange;
        Sort::TempStorage sort;
        Store::TempStorage store;
    } scratch[kWarps];
    const int warp = threadIdx.x / 32;
    int mine[4], turned[4];
    Load(scratch[warp].load).Load(in + warp * 128, mine);
    __syncwarp();
    Exchange(scratch[warp].exchange).BlockedToStriped(mine, turned);
    for (int i = 0; i < 4; ++i) striped[threadIdx.x * 4 + i] = turned[i];
    __syncwarp();
    Sort(scratch[warp].sort).Sort(mine, Descending{});
    __syncwarp();
    Store(scratch[warp].store).Store(sorted + warp * 128, mine);
}

__global__ void odds_and_ends(const int *in, int *out, double *doubles, unsigned *matches) {
    const unsigned lane = threadIdx.x % 32;
    const double x = in[threadIdx.x] * 0.5;
    doubles[threadIdx.x] = cub::ShuffleUp<32>(x, 3, 0, 0xffffffffu) + 2 * cub::ShuffleDown<32>(x, 5, 31, 0xffffffffu) + 4 * cub::ShuffleIndex<32>(x, 7, 0xffffffffu);
    matches[threadIdx.x] = cub::MatchAny<5>(in[threadIdx.x] % 8);
    const int four[4] = {in[threadIdx.x], 1, 2, static_cast<int>(lane)};
    const int sum = cub::ThreadReduce(four, cuda::std::plus<>{});
    const int loaded = cub::ThreadLoad<cub::LOAD_LDG>(in + threadIdx.x) + cub::ThreadLoad<cub::LOAD_CG>(in + threadIdx.x) + cub::ThreadLoad<cub::LOAD_CS>(in + threadIdx.x);
    cub::ThreadStore<cub::STORE_CG>(out + threadIdx.x, sum + loaded + cub::RowMajorTid(kThreads, 1, 1));
}

template <class T, int width>
int check() {
    T h[kThreads], got[4 * kThreads], *in, *out;
    for (int i = 0; i < kThreads; ++i) h[i] = static_cast<T>(i * 37 % 101) - static_cast<T>(30);
    cudaMalloc(&in, sizeof h), cudaMalloc(&out, sizeof got);
    cudaMemset(out, 0, sizeof got);
    cudaMemcpy(in, h, sizeof h, cudaMemcpyHostToDevice);
    int bad = 0;
    for (const int valid : {1, width / 2 + 1, width}) {
        reduce<T, width><<<1, kThreads>>>(in, out, out + kThreads, out + 2 * kThreads, out + 3 * kThreads, valid);
        cudaMemcpy(got, out, sizeof got, cudaMemcpyDeviceToHost);
        for (int group = 0; group < kThreads / width; ++group) {
            T sum = 0, largest = h[group * width];
            for (int lane = 0; lane < width; ++lane) {
                const T x = h[group * width + lane];
                sum += x;
                if (lane < valid && x > largest) largest = x;
                bad += got[2 * kThreads + group * width + lane] != sum;
            }
            bad += got[group] != sum || got[kThreads + group] != largest || got[3 * kThreads + group] != sum;
        }
    }
    cudaFree(in), cudaFree(out);
    if (bad) std::printf("%d lanes of %zu bytes: %d wrong\n", width, sizeof(T), bad);
    return bad;
}

int check_classes() {
    double h[kThreads], *in;
    int heads[kThreads], got[kThreads], *flags, bad = 0;
    Longest *out, longest[kWarps];
    for (int i = 0; i < kThreads; ++i) h[i] = i * 53 % 29 + 0.25, heads[i] = i % 7 == 3;
    cudaMalloc(&in, sizeof h), cudaMalloc(&flags, 2 * sizeof heads), cudaMalloc(&out, sizeof longest);
    cudaMemcpy(in, h, sizeof h, cudaMemcpyHostToDevice), cudaMemcpy(flags, heads, sizeof heads, cudaMemcpyHostToDevice);
    classes<<<1, kThreads>>>(in, out, flags, flags + kThreads);
    cudaMemcpy(longest, out, sizeof longest, cudaMemcpyDeviceToHost), cudaMemcpy(got, flags + kThreads, sizeof got, cudaMemcpyDeviceToHost);
    for (int warp = 0; warp < kWarps; ++warp) {
        int at = warp * 32;
        for (int i = at; i < warp * 32 + 32; ++i)
            if (h[i] > h[at]) at = i;
        bad += longest[warp].at != at || longest[warp].length != h[at];
    }
    for (int i = 0; i < kThreads; ++i) {
        int want = -1;
        if (heads[i] || i % 32 == 0) {
            want = i;
            for (int k = i + 1; k % 32 && !heads[k]; ++k) want += k;
        }
        bad += got[i] != want;
    }
    cudaFree(in), cudaFree(flags), cudaFree(out);
    return bad;
}

int check_moves() {
    constexpr int n = kThreads * 4;
    int h[n], striped[n], sorted[n], *d, bad = 0;
    for (int i = 0; i < n; ++i) h[i] = i * 7919 % 1009;
    cudaMalloc(&d, 3 * sizeof h);
    cudaMemcpy(d, h, sizeof h, cudaMemcpyHostToDevice);
    move_and_sort<<<1, kThreads>>>(d, d + n, d + 2 * n);
    cudaMemcpy(striped, d + n, sizeof h, cudaMemcpyDeviceToHost), cudaMemcpy(sorted, d + 2 * n, sizeof h, cudaMemcpyDeviceToHost);
    for (int i = 0; i < n; ++i) bad += striped[i] != h[i / 128 * 128 + i % 4 * 32 + i % 128 / 4];
    for (int i = 0; i + 1 < n; ++i) bad += i % 128 != 127 && sorted[i] < sorted[i + 1];
    double doubles[kThreads], *x;
    unsigned matches[kThreads], *m;
    cudaMalloc(&x, sizeof doubles), cudaMalloc(&m, sizeof matches);
    odds_and_ends<<<1, kThreads>>>(d, d + n, x, m);
    cudaMemcpy(doubles, x, sizeof doubles, cudaMemcpyDeviceToHost), cudaMemcpy(matches, m, sizeof matches, cudaMemcpyDeviceToHost);
    cudaMemcpy(striped, d + n, kThreads * sizeof(int), cudaMemcpyDeviceToHost);
    for (int i = 0; i < kThreads; ++i) {
        const int lane = i % 32, first = i - lane;
        const double up = h[lane >= 3 ? i - 3 : i], down = h[lane + 5 < 32 ? i + 5 : i];
        unsigned same = 0;
        for (int k = 0; k < 32; ++k) same |= static_cast<unsigned>(h[first + k] % 8 == h[i] % 8) << k;
        bad += doubles[i] != 0.5 * up + down + 2.0 * h[first + 7] || matches[i] != same || striped[i] != 4 * h[i] + 3 + lane + i;
    }
    cudaFree(d), cudaFree(x), cudaFree(m);
    return bad;
}

int main() {
    int bad = check<int, 32>() + check<int, 8>() + check<float, 32>() + check<double, 16>() + check<long long, 32>() + check<short, 4>();
    bad += check_classes() + check_moves();
    std::printf("%s\n", bad ? "wrong" : "ok");
    return bad != 0;
}
