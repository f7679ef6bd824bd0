// unsupported: asynchronous pipelines
#include <cuda_pipeline.h>
__global__ void k(int *x) {
    __shared__ int s[32];
    __pipeline_memcpy_async(&s[threadIdx.x], &x[threadIdx.x], sizeof(int));
    __pipeline_commit();
    __pipeline_wait_prior(0);
    x[threadIdx.x] = s[threadIdx.x];
}
int main() { k<<<1, 32>>>(nullptr); }
