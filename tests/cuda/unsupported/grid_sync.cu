// unsupported: grid synchronisation
#include <cooperative_groups.h>
__global__ void k(int *x) {
    cooperative_groups::grid_group grid = cooperative_groups::this_grid();
    x[grid.thread_rank()] = 1;
    grid.sync();
}
int main() {
    int *x = nullptr;
    void *args[] = {&x};
    return cudaLaunchCooperativeKernel((void *)k, 1, 32, args, 0, 0);
}
