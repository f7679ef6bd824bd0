// Histograms without atomics: dense by sort and upper_bound, sparse by sort and reduce_by_key; and an atomic one to compare.
#include <cstdio>
#include <vector>

#include <thrust/adjacent_difference.h>
#include <thrust/binary_search.h>
#include <thrust/device_vector.h>
#include <thrust/for_each.h>
#include <thrust/inner_product.h>
#include <thrust/iterator/constant_iterator.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/reduce.h>
#include <thrust/sort.h>

struct Count {
    int *bins;
    __device__ void operator()(int value) const { atomicAdd(bins + value, 1); }
};

int main() {
    const int n = 5000, bins = 37;
    std::vector<int> data(n), wanted(bins);
    unsigned state = 12345;
    for (int &value : data) {
        state = state * 1664525u + 1013904223u;
        value = static_cast<int>((state >> 16) % bins * ((state >> 8) % bins) / bins);
        ++wanted[value];
    }
    thrust::device_vector<int> values(data.begin(), data.end()), counted(bins, 0);
    thrust::for_each(values.begin(), values.end(), Count{thrust::raw_pointer_cast(counted.data())});

    thrust::sort(values.begin(), values.end());
    const int largest = values.back();
    thrust::device_vector<int> dense(largest + 1);
    thrust::counting_iterator<int> search(0);
    thrust::upper_bound(values.begin(), values.end(), search, search + largest + 1, dense.begin());
    thrust::adjacent_difference(dense.begin(), dense.end(), dense.begin());

    const int distinct = thrust::inner_product(values.begin(), values.end() - 1, values.begin() + 1, 1, thrust::plus<int>(), thrust::not_equal_to<int>());
    thrust::device_vector<int> keys(distinct), counts(distinct);
    auto end = thrust::reduce_by_key(values.begin(), values.end(), thrust::constant_iterator<int>(1), keys.begin(), counts.begin());

    int wrong = end.first != keys.end() || end.second != counts.end();
    int seen = 0;
    for (int i = 0; i < bins; ++i) {
        wrong += counted[i] != wanted[i];
        wrong += i <= largest ? dense[i] != wanted[i] : wanted[i] != 0;
        seen += wanted[i] != 0;
    }
    wrong += seen != distinct;
    for (int i = 0; i < distinct; ++i) wrong += counts[i] != wanted[keys[i]];
    std::printf(wrong ? "FAIL %d\n" : "PASS\n", wrong);
    return wrong != 0;
}
