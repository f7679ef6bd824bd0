// unsupported: arrival at the grid's barrier
#include <cooperative_groups.h>
__global__ void k(int *x) {
    auto grid = cooperative_groups::this_grid();
    auto token = grid.barrier_arrive();
    x[0] = 1;
    grid.barrier_wait(static_cast<decltype(token) &&>(token));
}
int main() {
    int *x = nullptr;
    void *args[] = {&x};
    return cudaLaunchCooperativeKernel(k, 1, 32, args);
}
