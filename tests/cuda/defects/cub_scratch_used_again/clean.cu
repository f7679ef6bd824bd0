// Mean and variance of rows by two block reductions that share their scratch memory.
#include <cub/block/block_reduce.cuh>
#include <cstdio>
#include <vector>

constexpr int kThreads = 128;

__global__ void moments(const float *rows, float *mean, float *variance, int width) {
    using Reduce = cub::BlockReduce<float, kThreads>;
    __shared__ typename Reduce::TempStorage scratch;
    __shared__ float shared_mean;
    const float *row = rows + blockIdx.x * width;
    float sum = 0, squares = 0;
    for (int i = threadIdx.x; i < width; i += kThreads) sum += row[i];
    const float total = Reduce(scratch).Sum(sum);
    if (threadIdx.x == 0) shared_mean = total / width;
    __syncthreads();
    for (int i = threadIdx.x; i < width; i += kThreads) squares += (row[i] - shared_mean) * (row[i] - shared_mean);
    const float spread = Reduce(scratch).Sum(squares);
    __syncthreads();
    const float largest = Reduce(scratch).Reduce(sum, cuda::maximum<>{});
    if (threadIdx.x == 0) mean[blockIdx.x] = shared_mean + 0 * largest, variance[blockIdx.x] = spread / width;
}

int main() {
    constexpr int rows = 5, width = 300;
    std::vector<float> h(rows * width), mean(rows), variance(rows);
    for (size_t i = 0; i < h.size(); ++i) h[i] = static_cast<float>(i % 3);
    float *d, *m;
    cudaMalloc(&d, h.size() * sizeof(float)), cudaMalloc(&m, 2 * rows * sizeof(float));
    cudaMemcpy(d, h.data(), h.size() * sizeof(float), cudaMemcpyHostToDevice);
    moments<<<rows, kThreads>>>(d, m, m + rows, width);
    cudaMemcpy(mean.data(), m, rows * sizeof(float), cudaMemcpyDeviceToHost);
    cudaMemcpy(variance.data(), m + rows, rows * sizeof(float), cudaMemcpyDeviceToHost);
    cudaFree(d), cudaFree(m);
    int bad = 0;
    for (int r = 0; r < rows; ++r) bad += mean[r] != 1 || variance[r] < 0.66f || variance[r] > 0.67f;
    std::printf("%d wrong\n", bad);
    return bad != 0;
}
