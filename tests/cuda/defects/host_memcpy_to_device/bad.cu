// Plain memcpy where a copy to the device is meant.
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
#include <cstring>

__global__ void negate(int *data, int n) {
    const int i = threadIdx.x;
    if (i < n) data[i] = -data[i];
}

int main(int argc, char **) {
    const int n = 64 * argc;
    std::vector<int> host(n, 5);
    int *d_data;
    CHECK(cudaMalloc(&d_data, n * sizeof(int)));
    std::memcpy(d_data, host.data(), n * sizeof(int)); // defect: host_access_of_device_memory
    negate<<<1, 64>>>(d_data, n);
    CHECK(cudaGetLastError());
    CHECK(cudaMemcpy(host.data(), d_data, n * sizeof(int), cudaMemcpyDeviceToHost));
    std::printf("%d\n", host[0]);
    CHECK(cudaFree(d_data));
}
