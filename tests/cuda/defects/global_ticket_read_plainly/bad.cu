// How many tickets are left is read plainly, while others take some.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <cuda_runtime.h>

#define CHECK(call)                                                              \
    do {                                                                         \
        const cudaError_t status = (call);                                       \
        if (status != cudaSuccess) {                                             \
            std::fprintf(stderr, "%s: %s\n", #call, cudaGetErrorString(status)); \
            std::exit(1);                                                        \
        }                                                                        \
    } while (0)
__global__ void take(int *next, int *order, int n) {
    if (*next >= n) return; // defect: race
    const int ticket = atomicAdd(next, 1); // defect: race
    if (ticket < n) order[ticket] = blockIdx.x;
}

int main() {
    const int n = 16;
    int *next, *order;
    CHECK(cudaMalloc(&next, sizeof(int)));
    CHECK(cudaMalloc(&order, n * sizeof(int)));
    CHECK(cudaMemset(next, 0, sizeof(int)));
    take<<<64, 1>>>(next, order, n);
    CHECK(cudaGetLastError());
    CHECK(cudaDeviceSynchronize());
    CHECK(cudaFree(next));
    CHECK(cudaFree(order));
}
