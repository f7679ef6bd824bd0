// Tiles that are loaded, scanned and stored, each step with the same scratch memory.
#include <cub/block/block_load.cuh>
#include <cub/block/block_scan.cuh>
#include <cstdio>
#include <vector>

constexpr int kThreads = 96, kItems = 4, kTile = kThreads * kItems;

__global__ void scan_tiles(const int *in, int *out) {
    using Load = cub::BlockLoad<int, kThreads, kItems, cub::BLOCK_LOAD_TRANSPOSE>;
    using Scan = cub::BlockScan<int, kThreads>;
    __shared__ union {
        Load::TempStorage load;
        Scan::TempStorage scan;
    } scratch;
    int mine[kItems];
    Load(scratch.load).Load(in + blockIdx.x * kTile, mine);
    Scan(scratch.scan).InclusiveSum(mine, mine);  // defect: race
    for (int i = 0; i < kItems; ++i) out[blockIdx.x * kTile + threadIdx.x * kItems + i] = mine[i];
}

int main() {
    constexpr int tiles = 3, n = tiles * kTile;
    std::vector<int> h(n), got(n);
    for (int i = 0; i < n; ++i) h[i] = i % 7;
    int *d, bad = 0;
    cudaMalloc(&d, 2 * n * sizeof(int));
    cudaMemcpy(d, h.data(), n * sizeof(int), cudaMemcpyHostToDevice);
    scan_tiles<<<tiles, kThreads>>>(d, d + n);
    cudaMemcpy(got.data(), d + n, n * sizeof(int), cudaMemcpyDeviceToHost);
    cudaFree(d);
    for (int i = 0, sum = 0; i < n; ++i) sum = i % kTile ? sum + h[i] : h[i], bad += got[i] != sum;
    std::printf("%d wrong\n", bad);
    return bad != 0;
}
