// unsupported: inline PTX
__device__ unsigned laneId() {
    unsigned id;
    asm volatile("mov.u32 %0, %%laneid;" : "=r"(id));
    return id;
}
__global__ void k(unsigned *out) { out[threadIdx.x] = laneId(); }
int main() { k<<<1, 32>>>(nullptr); }
