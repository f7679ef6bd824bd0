// Threads that have returned are not waited for by the grid, as long as each block's first thread is there; and blocks may
// come to the barrier by different ways.
#include <cooperative_groups.h>

__global__ void turns(int *data, int n) {
    const auto grid = cooperative_groups::this_grid();
    const int i = static_cast<int>(grid.thread_rank());
    if (i >= n) return;
    data[i] = i;
    if (blockIdx.x == 0) {
        grid.sync();
        if (i < n - 64) data[i] += data[n - 1 - i];
    } else {
        grid.sync();
    }
    grid.sync();
    if (blockIdx.x != 0) data[i] += data[n - 1 - i];
}

int main() {
    int n = 100, *data;
    if (cudaMallocManaged(&data, n * sizeof(int))) return 1;
    void *arguments[] = {&data, &n};
    if (cudaLaunchCooperativeKernel(turns, 2, 64, arguments)) return 2;
    if (cudaDeviceSynchronize()) return 3;
    for (int i = 0; i < n; ++i) {
        const int want = i < n - 64 ? n - 1 : i < 64 ? i : i + n - 1;
        if (data[i] != want) return 4;
    }
    cudaFree(data);
}
