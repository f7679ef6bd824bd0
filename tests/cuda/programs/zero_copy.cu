// Mapped pinned memory, registered memory, and copies whose direction the runtime finds out.
#include <cstdio>
#include <cstdlib>

#define CHECK(call)                                                                                  \
    do {                                                                                             \
        cudaError_t status = (call);                                                                 \
        if (status != cudaSuccess) {                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, cudaGetErrorString(status));         \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

__global__ void twice(int *p, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) p[i] *= 2;
}

int main() {
    const int n = 100;
    int *host, *device;
    CHECK(cudaSetDeviceFlags(cudaDeviceMapHost));
    CHECK(cudaHostAlloc(&host, n * sizeof(int), cudaHostAllocMapped));
    CHECK(cudaHostGetDevicePointer(&device, host, 0));
    for (int i = 0; i < n; ++i) host[i] = i;
    twice<<<1, 128>>>(device, n);
    CHECK(cudaDeviceSynchronize());
    for (int i = 0; i < n; ++i)
        if (host[i] != 2 * i) return 1;

    int *own = (int *)malloc(n * sizeof(int)), *mapped;
    CHECK(cudaHostRegister(own, n * sizeof(int), cudaHostRegisterMapped));
    CHECK(cudaHostGetDevicePointer(&mapped, own, 0));
    CHECK(cudaMemcpy(own, host, n * sizeof(int), cudaMemcpyDefault));
    twice<<<4, 32>>>(mapped, n);
    CHECK(cudaDeviceSynchronize());
    if (own[7] != 28) return 2;
    CHECK(cudaHostUnregister(own));
    free(own);

    int *d, back[n];
    CHECK(cudaMalloc(&d, n * sizeof(int)));
    CHECK(cudaMemcpy(d, host, n * sizeof(int), cudaMemcpyDefault));
    twice<<<4, 32>>>(d, n);
    CHECK(cudaMemcpy(back, d, n * sizeof(int), cudaMemcpyDefault));
    if (back[9] != 36) return 3;
    CHECK(cudaFree(d));
    CHECK(cudaFreeHost(host));
    return 0;
}
