// A histogram by for_each: its functor counts up without an atomic.
#include <cstdio>

#include <thrust/device_vector.h>
#include <thrust/for_each.h>
#include <thrust/sequence.h>

struct Count {
    unsigned *bins;
    __device__ void operator()(int value) const {
        ++bins[value % 8]; // defect: race
    }
};

int main() {
    const int n = 2048;
    thrust::device_vector<int> values(n);
    thrust::device_vector<unsigned> bins(8);
    thrust::sequence(values.begin(), values.end());
    thrust::for_each(values.begin(), values.end(), Count{thrust::raw_pointer_cast(bins.data())});
    unsigned counted = 0;
    for (int i = 0; i < 8; ++i) counted += bins[i];
    std::printf(counted == n ? "PASS\n" : "FAIL\n");
    return counted != n;
}
