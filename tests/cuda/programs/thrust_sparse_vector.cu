// The sum of two sparse vectors: merge by key, then reduce by key; and their product by set_intersection.
#include <cstdio>
#include <map>

#include <thrust/device_vector.h>
#include <thrust/functional.h>
#include <thrust/inner_product.h>
#include <thrust/merge.h>
#include <thrust/reduce.h>
#include <thrust/set_operations.h>

int main() {
    const int index_a[] = {2, 3, 5, 8, 13, 40}, index_b[] = {1, 3, 4, 8, 9, 41, 60};
    const float value_a[] = {10, 60, 20, 40, 80, 5}, value_b[] = {50, 30, 80, 30, 1, 2, 3};
    thrust::device_vector<int> ia(index_a, index_a + 6), ib(index_b, index_b + 7);
    thrust::device_vector<float> va(value_a, value_a + 6), vb(value_b, value_b + 7);

    const std::size_t all = ia.size() + ib.size();
    thrust::device_vector<int> keys(all);
    thrust::device_vector<float> values(all);
    thrust::merge_by_key(ia.begin(), ia.end(), ib.begin(), ib.end(), va.begin(), vb.begin(), keys.begin(), values.begin());
    const std::size_t distinct = thrust::inner_product(keys.begin(), keys.end() - 1, keys.begin() + 1, std::size_t(1), thrust::plus<std::size_t>(), thrust::not_equal_to<int>());
    thrust::device_vector<int> sum_keys(distinct);
    thrust::device_vector<float> sums(distinct);
    thrust::reduce_by_key(keys.begin(), keys.end(), values.begin(), sum_keys.begin(), sums.begin(), thrust::equal_to<int>(), thrust::plus<float>());

    thrust::device_vector<int> common(6);
    common.erase(thrust::set_intersection(ia.begin(), ia.end(), ib.begin(), ib.end(), common.begin()), common.end());
    thrust::device_vector<int> either(all);
    either.resize(thrust::set_union(ia.begin(), ia.end(), ib.begin(), ib.end(), either.begin()) - either.begin());
    thrust::device_vector<int> only(6), only_values(6);
    auto left = thrust::set_difference_by_key(ia.begin(), ia.end(), ib.begin(), ib.end(), va.begin(), vb.begin(), only.begin(), only_values.begin());
    thrust::device_vector<int> odd(all);
    odd.resize(thrust::set_symmetric_difference(ia.begin(), ia.end(), ib.begin(), ib.end(), odd.begin()) - odd.begin());

    std::map<int, float> wanted;
    for (int i = 0; i < 6; ++i) wanted[index_a[i]] += value_a[i];
    for (int i = 0; i < 7; ++i) wanted[index_b[i]] += value_b[i];
    bool right = distinct == wanted.size() && either.size() == wanted.size() && common.size() == 2 && common[0] == 3 && common[1] == 8;
    right = right && left.first - only.begin() == 4 && only[3] == 40 && only_values[3] == 5 && odd.size() == wanted.size() - 2;
    int i = 0;
    for (const auto &entry : wanted) {
        right = right && sum_keys[i] == entry.first && sums[i] == entry.second && either[i] == entry.first;
        ++i;
    }
    std::printf(right ? "PASS\n" : "FAIL\n");
    return !right;
}
