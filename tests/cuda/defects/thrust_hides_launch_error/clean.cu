// A kernel with as many blocks as it needs, and a look at what it made.
#include <cstdio>

#include <thrust/device_vector.h>

__global__ void add_one(int *data, int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) ++data[i];
}

int main() {
    const int n = 2048;
    thrust::device_vector<int> values(n, 1);
    add_one<<<n / 256, 256>>>(thrust::raw_pointer_cast(values.data()), n);
    const int first = values[0];
    std::printf("PASS %d\n", first > 0);
    return 0;
}
