// unsupported: cuRAND
#include <curand_kernel.h>
__global__ void k(float *x) {
    curandState state;
    curand_init(1234, threadIdx.x, 0, &state);
    x[threadIdx.x] = curand_uniform(&state);
}
int main() { k<<<1, 32>>>(nullptr); }
