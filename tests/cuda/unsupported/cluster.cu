// unsupported: thread block clusters
#include <cooperative_groups.h>
__global__ void __cluster_dims__(2, 1, 1) k(int *x) {
    auto cluster = cooperative_groups::this_cluster();
    cluster.sync();
}
int main() { k<<<2, 32>>>(nullptr); }
