// A sum of as many values as there are.
#include <cub/device/device_reduce.cuh>
#include <cstdio>
#include <vector>

int main() {
    constexpr int n = 5000;
    std::vector<int> h(n, 3);
    int *in, *out, sum;
    cudaMalloc(&in, n * sizeof(int)), cudaMalloc(&out, sizeof(int));
    cudaMemcpy(in, h.data(), n * sizeof(int), cudaMemcpyHostToDevice);
    void *scratch = nullptr;
    size_t bytes = 0;
    cub::DeviceReduce::Sum(scratch, bytes, in, out, n);
    cudaMalloc(&scratch, bytes);
    cub::DeviceReduce::Sum(scratch, bytes, in, out, n);
    cudaMemcpy(&sum, out, sizeof sum, cudaMemcpyDeviceToHost);
    cudaFree(in), cudaFree(out), cudaFree(scratch);
    std::printf("%d\n", sum);
    return sum < 3 * n;
}
