// unsupported: grid synchronisation
#include <cooperative_groups.h>
namespace cg = cooperative_groups;
__global__ void k(int *x) {
    const auto grid = cg::this_grid();
    x[grid.thread_rank()] = 1;
    cg::sync(grid);
}
int main() {
    int *x;
    cudaMalloc(&x, 32 * sizeof(int));
    k<<<1, 32>>>(x);
    return cudaDeviceSynchronize();
}
