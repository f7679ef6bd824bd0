// The rest of Thrust's algorithms, each against the C++ library's.
// Flags: --extended-lambda
#include <algorithm>
#include <cstdio>
#include <numeric>
#include <vector>

#include <thrust/adjacent_difference.h>
#include <thrust/binary_search.h>
#include <thrust/copy.h>
#include <thrust/count.h>
#include <thrust/device_vector.h>
#include <thrust/equal.h>
#include <thrust/extrema.h>
#include <thrust/fill.h>
#include <thrust/find.h>
#include <thrust/functional.h>
#include <thrust/gather.h>
#include <thrust/generate.h>
#include <thrust/logical.h>
#include <thrust/merge.h>
#include <thrust/mismatch.h>
#include <thrust/partition.h>
#include <thrust/remove.h>
#include <thrust/replace.h>
#include <thrust/reverse.h>
#include <thrust/scan.h>
#include <thrust/scatter.h>
#include <thrust/sequence.h>
#include <thrust/shuffle.h>
#include <thrust/sort.h>
#include <thrust/swap.h>
#include <thrust/tabulate.h>
#include <thrust/transform.h>
#include <thrust/transform_scan.h>
#include <thrust/unique.h>

using Vector = thrust::device_vector<int>;
using Host = std::vector<int>;

static int wrong = 0;
static void expect(bool holds, int line) {
    if (holds) return;
    std::printf("line %d\n", line);
    ++wrong;
}
#define EXPECT(condition) expect(condition, __LINE__)

static Host down(const Vector &v, std::size_t n) {
    Host host(n);
    thrust::copy(v.begin(), v.begin() + n, host.begin());
    return host;
}
static Host down(const Vector &v) { return down(v, v.size()); }

struct Even {
    __host__ __device__ bool operator()(int x) const { return x % 2 == 0; }
};
struct IsSet {
    __host__ __device__ bool operator()(int x) const { return x != 0; }
};
struct Seven {
    __device__ int operator()() const { return 7; }
};
struct Tenth {
    __host__ __device__ bool operator()(int a, int b) const { return a / 10 == b / 10; }
};
struct Cube {
    __device__ int operator()(int i) const { return i * i * i; }
};

int main() {
    Host data(501);
    unsigned state = 3;
    for (int &x : data) x = static_cast<int>((state = state * 1664525u + 1013904223u) >> 24);
    const int n = static_cast<int>(data.size());
    const Vector original(data.begin(), data.end());
    using namespace thrust::placeholders;

    Vector v = original, w(n), t(n);
    // Compaction and partitions
    Host wanted = data;
    wanted.erase(std::remove_if(wanted.begin(), wanted.end(), Even()), wanted.end());
    EXPECT(down(v, thrust::remove_if(v.begin(), v.end(), Even()) - v.begin()) == wanted);
    EXPECT(down(w, thrust::remove_copy_if(original.begin(), original.end(), w.begin(), Even()) - w.begin()) == wanted);
    v = original;
    wanted = data;
    wanted.erase(std::remove(wanted.begin(), wanted.end(), data[5]), wanted.end());
    EXPECT(down(v, thrust::remove(v.begin(), v.end(), data[5]) - v.begin()) == wanted);
    thrust::transform(original.begin(), original.end(), t.begin(), _1 > 100);
    const auto passed = thrust::copy_if(original.begin(), original.end(), t.begin(), w.begin(), IsSet()) - w.begin();
    EXPECT(passed == thrust::count_if(original.begin(), original.end(), _1 > 100) && passed == std::count_if(data.begin(), data.end(), [](int x) { return x > 100; }));
    v = original;
    wanted = data;
    const auto middle = std::stable_partition(wanted.begin(), wanted.end(), Even()) - wanted.begin();
    EXPECT(thrust::stable_partition(v.begin(), v.end(), Even()) - v.begin() == middle && down(v) == wanted);
    EXPECT(thrust::is_partitioned(v.begin(), v.end(), Even()) && thrust::partition_point(v.begin(), v.end(), Even()) - v.begin() == middle);
    v = original;
    EXPECT(thrust::partition(v.begin(), v.end(), Even()) - v.begin() == middle && thrust::all_of(v.begin(), v.begin() + middle, Even()));
    const auto ends = thrust::partition_copy(original.begin(), original.end(), w.begin(), t.begin(), Even());
    EXPECT(ends.first - w.begin() == middle && ends.second - t.begin() == n - middle);

    // Unique
    v = original;
    thrust::sort(v.begin(), v.end());
    Host sorted = data;
    std::sort(sorted.begin(), sorted.end());
    EXPECT(down(v) == sorted);
    wanted = sorted;
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    EXPECT(down(w, thrust::unique_copy(v.begin(), v.end(), w.begin()) - w.begin()) == wanted);
    Vector keys = v, values(n);
    thrust::sequence(values.begin(), values.end(), 10, 3);
    const auto unique = thrust::unique_by_key(keys.begin(), keys.end(), values.begin(), Tenth());
    bool firsts = true;
    for (auto i = keys.begin(); i != unique.first; ++i) {
        const int place = (values[i - keys.begin()] - 10) / 3;
        firsts = firsts && sorted[place] == *i && (place == 0 || sorted[place - 1] / 10 != *i / 10);
    }
    EXPECT(firsts);

    // Searches
    EXPECT(thrust::lower_bound(v.begin(), v.end(), 77) - v.begin() == std::lower_bound(sorted.begin(), sorted.end(), 77) - sorted.begin());
    EXPECT(thrust::upper_bound(v.begin(), v.end(), 77) - v.begin() == std::upper_bound(sorted.begin(), sorted.end(), 77) - sorted.begin());
    EXPECT(thrust::binary_search(v.begin(), v.end(), sorted[9]) && !thrust::binary_search(v.begin(), v.end(), 1000));
    const auto range = thrust::equal_range(v.begin(), v.end(), sorted[100]);
    EXPECT(range.second - range.first == std::count(data.begin(), data.end(), sorted[100]));
    thrust::device_vector<bool> there(n);
    thrust::binary_search(v.begin(), v.end(), original.begin(), original.end(), there.begin());
    EXPECT(thrust::all_of(there.begin(), there.end(), IsSet()));
    EXPECT(thrust::find(original.begin(), original.end(), data[300]) - original.begin() == std::find(data.begin(), data.end(), data[300]) - data.begin());
    EXPECT(thrust::find_if_not(v.begin(), v.end(), _1 < 50) - v.begin() == std::lower_bound(sorted.begin(), sorted.end(), 50) - sorted.begin());
    EXPECT(thrust::min_element(original.begin(), original.end()) - original.begin() == std::min_element(data.begin(), data.end()) - data.begin());
    const auto both = thrust::minmax_element(original.begin(), original.end());
    EXPECT(*both.first == sorted.front() && *both.second == sorted.back());
    EXPECT(*thrust::max_element(original.begin(), original.end(), thrust::greater<int>()) == sorted.front());
    EXPECT(thrust::any_of(v.begin(), v.end(), _1 == sorted[3]) && thrust::none_of(v.begin(), v.end(), _1 < 0));

    // Order
    thrust::sort(v.begin(), v.end(), thrust::greater<int>());
    EXPECT(std::equal(sorted.rbegin(), sorted.rend(), down(v).begin()));
    thrust::reverse(v.begin(), v.end());
    EXPECT(down(v) == sorted && thrust::is_sorted(v.begin(), v.end()));
    thrust::reverse_copy(v.begin(), v.end(), w.begin());
    EXPECT(w.front() == sorted.back() && thrust::is_sorted_until(w.begin(), w.end(), thrust::greater<int>()) == w.end());
    thrust::sequence(values.begin(), values.end());
    v = original;
    thrust::stable_sort_by_key(v.begin(), v.end(), values.begin(), [] __host__ __device__(int a, int b) { return a / 10 < b / 10; });
    Host places(n);
    std::iota(places.begin(), places.end(), 0);
    std::stable_sort(places.begin(), places.end(), [&](int a, int b) { return data[a] / 10 < data[b] / 10; });
    EXPECT(down(values) == places);
    thrust::merge(v.begin(), v.begin(), w.begin(), w.end(), t.begin(), thrust::greater<int>());
    EXPECT(t == w && thrust::equal(t.begin(), t.end(), w.begin()));
    t[40] = -1;
    EXPECT(thrust::mismatch(t.begin(), t.end(), w.begin()).first - t.begin() == 40 && !thrust::equal(t.begin(), t.end(), w.begin()));
    thrust::swap_ranges(t.begin(), t.begin() + 50, w.begin());
    EXPECT(w[40] == -1);
    thrust::sequence(t.begin(), t.end());
    thrust::shuffle(t.begin(), t.end(), thrust::default_random_engine(5));
    const Host shuffled = down(t);
    thrust::sort(t.begin(), t.end());
    Host ascending(n);
    std::iota(ascending.begin(), ascending.end(), 0);
    EXPECT(shuffled != ascending && down(t) == ascending);

    // Filling and replacing
    thrust::generate(v.begin(), v.end(), Seven());
    EXPECT(thrust::count(v.begin(), v.end(), 7) == n);
    thrust::tabulate(v.begin(), v.end(), Cube());
    EXPECT(v[9] == 729);
    thrust::fill_n(v.begin(), 10, 4);
    thrust::replace(v.begin(), v.end(), 4, 8);
    thrust::replace_if(v.begin() + 5, v.end(), Even(), 1);
    thrust::replace_copy_if(v.begin(), v.end(), w.begin(), _1 == 8, 2);
    EXPECT(v[0] == 8 && v[9] == 1 && v[11] == 1331 && w[4] == 2 && w[11] == 1331);

    // Scans
    wanted.resize(n);
    std::partial_sum(data.begin(), data.end(), wanted.begin());
    thrust::inclusive_scan(original.begin(), original.end(), w.begin());
    EXPECT(down(w) == wanted);
    thrust::exclusive_scan(original.begin(), original.end(), t.begin(), 100);
    EXPECT(t[0] == 100 && t[n - 1] == 100 + wanted[n - 2]);
    v = original;
    thrust::inclusive_scan(v.begin(), v.end(), v.begin(), thrust::maximum<int>());
    EXPECT(v[n - 1] == sorted.back() && thrust::is_sorted(v.begin(), v.end()));
    thrust::transform_inclusive_scan(original.begin(), original.end(), t.begin(), thrust::negate<int>(), thrust::plus<int>());
    EXPECT(t[n - 1] == -wanted[n - 1]);
    thrust::adjacent_difference(w.begin(), w.end(), t.begin());
    EXPECT(down(t) == data);
    thrust::transform_exclusive_scan(original.begin(), original.end(), t.begin(), Even(), 0, thrust::plus<int>());
    EXPECT(t[n - 1] + (data[n - 1] % 2 == 0) == middle);
    thrust::exclusive_scan_by_key(keys.begin(), unique.first, original.begin(), t.begin());
    EXPECT(t[0] == 0);

    // With a stencil
    thrust::transform_if(original.begin(), original.end(), original.begin(), v.begin(), -_1, Even());
    EXPECT(thrust::count_if(v.begin(), v.end(), _1 <= 0) >= middle);
    thrust::fill(w.begin(), w.end(), 0);
    thrust::scatter_if(original.begin(), original.end(), values.begin(), original.begin(), w.begin(), Even());
    thrust::gather_if(values.begin(), values.end(), original.begin(), w.begin(), t.begin(), _1 % 2 == 0);
    int kept = 0;
    for (int i = 0; i < n; ++i) kept += data[i] % 2 == 0 && t[i] == data[i];
    EXPECT(kept == middle);
    std::printf(wrong ? "FAIL\n" : "PASS\n");
    return wrong != 0;
}
