// Memory of cudaMalloc handed to an algorithm by its bare pointer: Thrust takes it for the host's.
#include <cstdio>

#include <cuda_runtime.h>
#include <thrust/device_ptr.h>
#include <thrust/fill.h>
#include <thrust/reduce.h>

int main() {
    const int n = 256;
    int *data;
    cudaMalloc(&data, n * sizeof *data);
    thrust::fill(data, data + n, 3); // defect: host_access_of_device_memory
    const int sum = thrust::reduce(thrust::device_ptr<int>(data), thrust::device_ptr<int>(data) + n);
    cudaFree(data);
    std::printf(sum == 3 * n ? "PASS\n" : "FAIL\n");
    return sum != 3 * n;
}
