// Memory of cudaMalloc handed to an algorithm with the policy that says where it is.
#include <cstdio>

#include <cuda_runtime.h>
#include <thrust/device_ptr.h>
#include <thrust/execution_policy.h>
#include <thrust/fill.h>
#include <thrust/reduce.h>

int main() {
    const int n = 256;
    int *data;
    cudaMalloc(&data, n * sizeof *data);
    thrust::fill(thrust::device, data, data + n, 3);
    const int sum = thrust::reduce(thrust::device_ptr<int>(data), thrust::device_ptr<int>(data) + n);
    cudaFree(data);
    std::printf(sum == 3 * n ? "PASS\n" : "FAIL\n");
    return sum != 3 * n;
}
