// unsupported: inline PTX
__global__ void k(unsigned *out) {
    unsigned least;
    asm("{ .reg .pred p; setp.lt.u32 p, %1, 7; selp.u32 %0, 1, 0, p; }" : "=r"(least) : "r"(threadIdx.x));
    out[threadIdx.x] = least;
}
int main() { k<<<1, 32>>>(nullptr); }
