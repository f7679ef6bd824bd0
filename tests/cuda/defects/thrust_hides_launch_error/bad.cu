// A kernel with more threads in a block than there may be; the next look at an element takes the error away, and nobody sees it.
#include <cstdio>

#include <thrust/device_vector.h>

__global__ void add_one(int *data, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) ++data[i];
}

int main() {
    const int n = 2048;
    thrust::device_vector<int> values(n, 1);
    add_one<<<1, n>>>(thrust::raw_pointer_cast(values.data()), n); // defect: invalid_launch
    const int first = values[0];
    std::printf("PASS %d\n", first > 0);
    return 0;
}
