// __trap ends the kernel.
__global__ void bad(int n) {
    if (threadIdx.x == n) __trap();
}

int main() {
    bad<<<1, 64>>>(64);
    if (cudaDeviceSynchronize() != cudaSuccess) return 1;
    bad<<<1, 64>>>(5);
    return cudaDeviceSynchronize() == cudaErrorLaunchFailure ? 0 : 2;
}
