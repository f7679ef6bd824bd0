// The whole grid as a group, to count by: that needs no cooperative launch.
#include <cooperative_groups.h>
namespace cg = cooperative_groups;

__global__ void fill(unsigned long long *out, int n, unsigned long long *about) {
    const cg::grid_group grid = cg::this_grid();
    for (unsigned long long i = grid.thread_rank(); i < n; i += grid.size()) out[i] = i * i;
    if (cg::thread_rank(grid) == grid.num_threads() - 1) {
        about[0] = grid.num_blocks();
        about[1] = grid.block_rank();
        about[2] = grid.group_dim().x * 100 + grid.group_dim().y;
        about[3] = grid.block_index().x * 100 + grid.block_index().y;
        about[4] = cg::group_size(grid);
    }
}

int main() {
    const int n = 1000;
    unsigned long long *out, *about;
    cudaMallocManaged(&out, n * sizeof *out);
    cudaMallocManaged(&about, 5 * sizeof *about);
    fill<<<dim3(3, 2), dim3(16, 4)>>>(out, n, about);
    cudaDeviceSynchronize();
    for (int i = 0; i < n; ++i)
        if (out[i] != 1ull * i * i) return 1;
    const unsigned long long want[] = {6, 5, 302, 201, 384};
    for (int i = 0; i < 5; ++i)
        if (about[i] != want[i]) return 2;
}
