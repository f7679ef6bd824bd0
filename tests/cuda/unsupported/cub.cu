// unsupported: CUB
#include <cub/cub.cuh>
__global__ void k(int *x) {
    typedef cub::BlockReduce<int, 128> BlockReduce;
    __shared__ typename BlockReduce::TempStorage temp;
    int sum = BlockReduce(temp).Sum(x[threadIdx.x]);
    if (threadIdx.x == 0) *x = sum;
}
int main() { k<<<1, 128>>>(nullptr); }
