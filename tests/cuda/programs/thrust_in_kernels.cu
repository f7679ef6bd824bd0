// Algorithms within kernels: thrust::seq on raw pointers and on shared memory, in functors, and per row of a matrix.
#include <algorithm>
#include <cstdio>
#include <vector>

#include <cuda_runtime.h>
#include <thrust/binary_search.h>
#include <thrust/complex.h>
#include <thrust/device_vector.h>
#include <thrust/execution_policy.h>
#include <thrust/for_each.h>
#include <thrust/functional.h>
#include <thrust/host_vector.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/pair.h>
#include <thrust/reduce.h>
#include <thrust/scan.h>
#include <thrust/sort.h>
#include <thrust/swap.h>
#include <thrust/transform.h>

constexpr int width = 24;

__global__ void sort_rows(int *data, int rows, int *sums) {
    const int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    int *begin = data + row * width;
    thrust::sort(thrust::seq, begin, begin + width, thrust::greater<int>());
    sums[row] = thrust::reduce(thrust::seq, begin, begin + width);
}

__global__ void scan_shared(int *data) {
    __shared__ int part[64];
    part[threadIdx.x] = data[threadIdx.x];
    __syncthreads();
    if (threadIdx.x == 0) thrust::inclusive_scan(thrust::seq, part, part + 64, part);
    __syncthreads();
    data[threadIdx.x] = part[threadIdx.x];
}

struct Rank {
    const int *sorted;
    int n;
    __device__ int operator()(int value) const { return static_cast<int>(thrust::lower_bound(thrust::seq, sorted, sorted + n, value) - sorted); }
};

struct Iterate {
    __host__ __device__ int operator()(int i) const {
        const thrust::complex<float> c(-1.5f + 0.05f * (i % 50), -1.0f + 0.05f * (i / 50));
        thrust::complex<float> z = 0;
        int steps = 0;
        while (steps < 40 && thrust::norm(z) < 4) z = z * z + c, ++steps;
        return steps;
    }
};

struct Flip {
    __device__ void operator()(thrust::pair<int, int> &p) const { thrust::swap(p.first, p.second); }
};

int main() {
    const int rows = 70;
    std::vector<int> data(rows * width);
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<int>(i * 7919 % 1009);
    thrust::device_vector<int> matrix = data, sums(rows);
    sort_rows<<<2, 64>>>(thrust::raw_pointer_cast(matrix.data()), rows, thrust::raw_pointer_cast(sums.data()));
    int wrong = cudaDeviceSynchronize() != cudaSuccess;
    const thrust::host_vector<int> sorted_rows = matrix;
    for (int row = 0; row < rows; ++row) {
        std::sort(data.begin() + row * width, data.begin() + (row + 1) * width, std::greater<int>());
        int sum = 0;
        for (int i = row * width; i < (row + 1) * width; ++i) sum += data[i], wrong += data[i] != sorted_rows[i];
        wrong += sums[row] != sum;
    }
    thrust::device_vector<int> ones(64, 1), keys(40), ranks(40);
    scan_shared<<<1, 64>>>(thrust::raw_pointer_cast(ones.data()));
    wrong += ones[63] != 64 || ones[20] != 21;
    thrust::transform(thrust::counting_iterator<int>(0), thrust::counting_iterator<int>(40), keys.begin(), thrust::placeholders::_1 * 2);
    thrust::transform(keys.begin(), keys.end(), ranks.begin(), Rank{thrust::raw_pointer_cast(ones.data()), 64});
    wrong += ranks[0] != 0 || ranks[20] != 39 || ranks[39] != 64;

    thrust::device_vector<int> steps(2000);
    thrust::transform(thrust::counting_iterator<int>(0), thrust::counting_iterator<int>(2000), steps.begin(), Iterate());
    const thrust::host_vector<int> fractal = steps;
    for (int i = 0; i < 2000; ++i) wrong += std::abs(fractal[i] - Iterate()(i)) > 1;
    thrust::device_vector<thrust::pair<int, int>> pairs(5, thrust::make_pair(1, 2));
    thrust::for_each(pairs.begin(), pairs.end(), Flip());
    const thrust::pair<int, int> flipped = pairs[4];
    wrong += flipped.first != 2 || flipped.second != 1;
    std::printf(wrong ? "FAIL %d\n" : "PASS\n", wrong);
    return wrong != 0;
}
