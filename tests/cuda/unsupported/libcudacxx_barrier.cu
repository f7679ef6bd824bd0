// unsupported: libcu++
#include <cuda/barrier>
__global__ void k() {
    __shared__ cuda::barrier<cuda::thread_scope_block> bar;
    if (threadIdx.x == 0) init(&bar, blockDim.x);
    __syncthreads();
    bar.arrive_and_wait();
}
int main() { k<<<1, 32>>>(); }
