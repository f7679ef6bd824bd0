// A compaction whose output has room for fewer elements than pass.
#include <cstdio>

#include <thrust/copy.h>
#include <thrust/count.h>
#include <thrust/device_vector.h>
#include <thrust/sequence.h>

struct Odd {
    __host__ __device__ bool operator()(int x) const { return x % 2 != 0; }
};

int main() {
    const int n = 1000;
    thrust::device_vector<int> values(n), odd(n / 2 - 5);
    thrust::sequence(values.begin(), values.end());
    const auto end = thrust::copy_if(values.begin(), values.end(), odd.begin(), Odd()); // defect: out_of_bounds
    const bool right = end - odd.begin() == n / 2 && odd[10] == 21;
    std::printf(right ? "PASS\n" : "FAIL\n");
    return !right;
}
