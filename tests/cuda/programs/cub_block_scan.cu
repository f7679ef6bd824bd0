// cub::BlockScan: every algorithm, inclusive and exclusive, several items, custom operators and types, sums of all, and a
// running prefix over many tiles; cub::BlockLoad and cub::BlockStore by every algorithm, with a part of a tile at the end.
#include <cub/block/block_load.cuh>
#include <cub/block/block_scan.cuh>
#include <cub/block/block_store.cuh>
#include <cstdio>
#include <vector>

// What the tiles before have come to.
struct Running {
    long long total;
    __device__ long long operator()(long long of_tile) {
        const long long before = total;
        total += of_tile;
        return before;
    }
};

template <int threads, int items, cub::BlockLoadAlgorithm loading, cub::BlockStoreAlgorithm storing, cub::BlockScanAlgorithm scanning>
__global__ void running_sum(const int *in, long long *out, int n) {
    using Load = cub::BlockLoad<int, threads, items, loading>;
    using Store = cub::BlockStore<long long, threads, items, storing>;
    using Scan = cub::BlockScan<long long, threads, scanning>;
    __shared__ union {
        typename Load::TempStorage load;
        typename Store::TempStorage store;
        typename Scan::TempStorage scan;
    } scratch;
    Running running{0};
    for (int begin = 0; begin < n; begin += threads * items) {
        int values[items];
        long long sums[items];
        Load(scratch.load).Load(in + begin, values, n - begin, 0);
        __syncthreads();
        for (int i = 0; i < items; ++i) sums[i] = values[i];
        Scan(scratch.scan).InclusiveSum(sums, sums, running);
        __syncthreads();
        Store(scratch.store).Store(out + begin, sums, n - begin);
        __syncthreads();
    }
}

struct Affine {   // x -> a x + b modulo 2^32; to compose them does not commute
    unsigned a, b;
};
struct Compose {
    __device__ Affine operator()(const Affine &first, const Affine &second) const { return {first.a * second.a, second.a * first.b + second.b}; }
};

template <int threads, cub::BlockScanAlgorithm algorithm>
__global__ void compose(const Affine *in, Affine *inclusive, Affine *exclusive, Affine *all) {
    using Scan = cub::BlockScan<Affine, threads, algorithm>;
    __shared__ typename Scan::TempStorage scratch;
    Affine mine = in[threadIdx.x], result, whole;
    Scan(scratch).InclusiveScan(mine, result, Compose{}, whole);
    inclusive[threadIdx.x] = result;
    __syncthreads();
    Scan(scratch).ExclusiveScan(mine, result, Affine{1, 0}, Compose{});
    exclusive[threadIdx.x] = result;
    if (threadIdx.x == threads - 1) *all = whole;
}

template <int threads, int items, cub::BlockLoadAlgorithm loading, cub::BlockStoreAlgorithm storing, cub::BlockScanAlgorithm scanning>
int check_sums() {
    int bad = 0;
    for (const int n : {1, threads * items - 1, threads * items, 3 * threads * items + 17}) {
        std::vector<int> h(n);
        std::vector<long long> got(n);
        for (int i = 0; i < n; ++i) h[i] = i * 7919 % 1000 - 300;
        int *in;
        long long *out, sum = 0;
        cudaMalloc(&in, n * sizeof(int)), cudaMalloc(&out, n * sizeof(long long));
        cudaMemcpy(in, h.data(), n * sizeof(int), cudaMemcpyHostToDevice);
        running_sum<threads, items, loading, storing, scanning><<<1, threads>>>(in, out, n);
        cudaMemcpy(got.data(), out, n * sizeof(long long), cudaMemcpyDeviceToHost);
        for (int i = 0; i < n; ++i) sum += h[i], bad += got[i] != sum;
        cudaFree(in), cudaFree(out);
    }
    if (bad) std::printf("%d threads, load %d, store %d, scan %d: %d wrong\n", threads, loading, storing, scanning, bad);
    return bad;
}

template <int threads, cub::BlockScanAlgorithm algorithm>
int check_composed() {
    Affine h[threads], got[2 * threads + 1], *in, *out, whole{1, 0};
    for (unsigned i = 0; i < threads; ++i) h[i] = {2 * i + 3, i * i + 1};
    cudaMalloc(&in, sizeof h), cudaMalloc(&out, sizeof got);
    cudaMemcpy(in, h, sizeof h, cudaMemcpyHostToDevice);
    compose<threads, algorithm><<<1, threads>>>(in, out, out + threads, out + 2 * threads);
    cudaMemcpy(got, out, sizeof got, cudaMemcpyDeviceToHost);
    const auto same = [](Affine a, Affine b) { return a.a == b.a && a.b == b.b; };
    int bad = 0;
    for (int i = 0; i < threads; ++i) {
        bad += !same(got[threads + i], whole);
        whole = {whole.a * h[i].a, h[i].a * whole.b + h[i].b};
        bad += !same(got[i], whole);
    }
    cudaFree(in), cudaFree(out);
    return bad + !same(got[2 * threads], whole);
}

int main() {
    using namespace cub;
    int bad = check_sums<128, 4, BLOCK_LOAD_DIRECT, BLOCK_STORE_DIRECT, BLOCK_SCAN_RAKING>() +
              check_sums<128, 4, BLOCK_LOAD_VECTORIZE, BLOCK_STORE_VECTORIZE, BLOCK_SCAN_RAKING_MEMOIZE>() +
              check_sums<96, 5, BLOCK_LOAD_TRANSPOSE, BLOCK_STORE_TRANSPOSE, BLOCK_SCAN_WARP_SCANS>() +
              check_sums<64, 7, BLOCK_LOAD_WARP_TRANSPOSE, BLOCK_STORE_WARP_TRANSPOSE, BLOCK_SCAN_RAKING>() +
              check_sums<128, 2, BLOCK_LOAD_WARP_TRANSPOSE_TIMESLICED, BLOCK_STORE_WARP_TRANSPOSE_TIMESLICED, BLOCK_SCAN_WARP_SCANS>();
    bad += check_composed<32, BLOCK_SCAN_RAKING>() + check_composed<77, BLOCK_SCAN_RAKING>() + check_composed<128, BLOCK_SCAN_WARP_SCANS>() +
           check_composed<96, BLOCK_SCAN_RAKING_MEMOIZE>();
    std::printf("%s\n", bad ? "wrong" : "ok");
    return bad != 0;
}
