// unsupported: what differs between host and device by __CUDA_ARCH__
// Flags: --extended-lambda
template <class Function>
__global__ void apply(int *x, Function function) { x[threadIdx.x] = function(threadIdx.x); }
int main() {
    int *x;
    cudaMalloc(&x, 32 * sizeof(int));
    apply<<<1, 32>>>(x, [] __device__(int i) {
#ifdef __CUDA_ARCH__
        return i;
#else
        return -i;
#endif
    });
    return cudaDeviceSynchronize();
}
