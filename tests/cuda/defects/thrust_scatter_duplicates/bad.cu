// Values go to places that a table names; several values have the same place, and who comes last wins.
#include <cstdio>

#include <thrust/device_vector.h>
#include <thrust/fill.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/scatter.h>
#include <thrust/sequence.h>
#include <thrust/transform.h>

struct Place {
    int places;
    __host__ __device__ int operator()(int i) const { return i % places; }
};

int main() {
    const int n = 512, places = 100;
    thrust::device_vector<int> values(n), where(n), table(n, -1);
    thrust::sequence(values.begin(), values.end());
    thrust::transform(thrust::counting_iterator<int>(0), thrust::counting_iterator<int>(n), where.begin(), Place{places});
    thrust::scatter(values.begin(), values.end(), where.begin(), table.begin()); // defect: race
    int filled = 0;
    for (int i = 0; i < places; ++i) filled += table[i] % 100 == i;
    std::printf(filled == places ? "PASS\n" : "FAIL\n");
    return filled != places;
}
