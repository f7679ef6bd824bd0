// unsupported: inline PTX
__global__ void k(const int *in, int *out) {
    __shared__ alignas(16) int values[32];
    __shared__ unsigned long long barrier;
    const unsigned to = static_cast<unsigned>(__cvta_generic_to_shared(values)), at = static_cast<unsigned>(__cvta_generic_to_shared(&barrier));
    if (threadIdx.x == 0)
        asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], 128, [%2];" ::"r"(to), "l"(in), "r"(at) : "memory");
    __syncthreads();
    out[threadIdx.x] = values[threadIdx.x];
}
int main() { k<<<1, 32>>>(nullptr, nullptr); }
