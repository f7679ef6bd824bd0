// Warps that sort by scratch memory of their own.
#include <cub/warp/warp_merge_sort.cuh>
#include <cstdio>

constexpr int kWarps = 3, kItems = 2;

struct Less {
    __device__ bool operator()(int a, int b) const { return a < b; }
};

__global__ void sort(int *values) {
    using Sort = cub::WarpMergeSort<int, kItems, 32>;
    __shared__ Sort::TempStorage scratch[kWarps];
    int mine[kItems];
    for (int i = 0; i < kItems; ++i) mine[i] = values[threadIdx.x * kItems + i];
    Sort(scratch[threadIdx.x / 32]).Sort(mine, Less{});
    for (int i = 0; i < kItems; ++i) values[threadIdx.x * kItems + i] = mine[i];
}

int main() {
    constexpr int n = kWarps * 32 * kItems;
    int h[n], *d, bad = 0;
    for (int i = 0; i < n; ++i) h[i] = i * 37 % 101;
    cudaMalloc(&d, sizeof h);
    cudaMemcpy(d, h, sizeof h, cudaMemcpyHostToDevice);
    sort<<<1, kWarps * 32>>>(d);
    cudaMemcpy(h, d, sizeof h, cudaMemcpyDeviceToHost);
    cudaFree(d);
    for (int i = 0; i + 1 < n; ++i) bad += i % (32 * kItems) != 32 * kItems - 1 && h[i] > h[i + 1];
    std::printf("%d wrong\n", bad);
    return bad != 0;
}
