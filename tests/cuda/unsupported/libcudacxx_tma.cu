// unsupported: mbarrier
#include <cuda/barrier>
#include <cuda/ptx>
__global__ void k(int *out) {
    __shared__ unsigned long long barrier;
    cuda::ptx::mbarrier_init(reinterpret_cast<cuda::std::uint64_t *>(&barrier), 32);
    *out = 1;
}
int main() {
    int *d;
    cudaMalloc(&d, 4);
    k<<<1, 1>>>(d);
    cudaDeviceSynchronize();
}
