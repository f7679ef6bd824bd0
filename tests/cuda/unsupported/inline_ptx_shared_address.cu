// unsupported: inline PTX
__global__ void k(const int *in) {
    __shared__ int values[32];
    const unsigned to = static_cast<unsigned>(__cvta_generic_to_shared(values + threadIdx.x));
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(to), "l"(in + threadIdx.x));
    asm volatile("cp.async.wait_all;");
}
int main() { k<<<1, 32>>>(nullptr); }
