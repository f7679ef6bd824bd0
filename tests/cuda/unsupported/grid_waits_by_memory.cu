// unsupported: blocks of a cooperative grid that wait for each other by memory alone
__global__ void both(int *arrived) {
    if (threadIdx.x == 0) {
        atomicAdd(arrived, 1);
        while (*reinterpret_cast<volatile int *>(arrived) < gridDim.x) {
        }
    }
    __syncthreads();
}
int main() {
    int *x;
    cudaMalloc(&x, sizeof *x);
    cudaMemset(x, 0, sizeof *x);
    void *arguments[] = {&x};
    cudaLaunchCooperativeKernel((void *)both, 2, 32, arguments, 0, 0);
    return cudaDeviceSynchronize();
}
