// unsupported: a kernel's reference parameter behind the name of a type
using Reference = int &;
__global__ void k(Reference x) { x = 1; }
int main() {
    int *x;
    cudaMallocManaged(&x, sizeof *x);
    k<<<1, 1>>>(*x);
    return cudaDeviceSynchronize();
}
