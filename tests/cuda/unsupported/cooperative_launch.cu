// unsupported: cooperative launch
__global__ void k(int *x) { x[threadIdx.x] = 1; }
int main() {
    int *x = nullptr;
    void *args[] = {&x};
    return cudaLaunchCooperativeKernel((void *)k, dim3(1), dim3(32), args, 0, 0);
}
