// unsupported: what differs between host and device by __CUDA_ARCH__
#ifdef __CUDA_ARCH__
constexpr int kWidth = 64;
#else
constexpr int kWidth = 32;
#endif
__global__ void k(int *x) { x[threadIdx.x] = kWidth; }
int main() {
    int *x;
    cudaMalloc(&x, kWidth * sizeof(int));
    k<<<1, kWidth>>>(x);
    return cudaDeviceSynchronize();
}
