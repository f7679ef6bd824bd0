// unsupported: blocks that wait by memory for blocks that have not begun
__global__ void k(volatile int *flag) {
    if (blockIdx.x == 1) *flag = 1;
    else while (*flag == 0);
}
int main() {
    int *d;
    cudaMalloc(&d, 4);
    cudaMemset(d, 0, 4);
    k<<<2, 1>>>(d);
    cudaDeviceSynchronize();
}
