// A summed area table: scans along rows by key, a transposition by gather, scans again.
#include <cstdio>

#include <thrust/device_vector.h>
#include <thrust/functional.h>
#include <thrust/equal.h>
#include <thrust/gather.h>
#include <thrust/host_vector.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/permutation_iterator.h>
#include <thrust/iterator/transform_iterator.h>
#include <thrust/scan.h>
#include <thrust/scatter.h>

struct Transposed {
    std::size_t rows, columns;   // of what it makes
    __host__ __device__ std::size_t operator()(std::size_t i) const { return i % columns * rows + i / columns; }
};
struct Row {
    std::size_t columns;
    __host__ __device__ std::size_t operator()(std::size_t i) const { return i / columns; }
};

using Table = thrust::device_vector<int>;

static void scan_rows(std::size_t columns, Table &data) {
    auto row = thrust::make_transform_iterator(thrust::counting_iterator<std::size_t>(0), Row{columns});
    thrust::inclusive_scan_by_key(row, row + data.size(), data.begin(), data.begin());
}
static void transpose(std::size_t rows, std::size_t columns, const Table &from, Table &to) {
    auto place = thrust::make_transform_iterator(thrust::counting_iterator<std::size_t>(0), Transposed{rows, columns});
    thrust::gather(place, place + from.size(), from.begin(), to.begin());
}

int main() {
    const std::size_t rows = 17, columns = 23;
    Table data(rows * columns), passing(rows * columns), scattered(rows * columns);
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<int>(i * i % 11) - 3;
    const thrust::host_vector<int> before = data;
    scan_rows(columns, data);
    transpose(columns, rows, data, passing);
    scan_rows(rows, passing);
    transpose(rows, columns, passing, data);
    // Back by scatter, and once more read through a permutation.
    auto place = thrust::make_transform_iterator(thrust::counting_iterator<std::size_t>(0), Transposed{rows, columns});
    thrust::scatter(data.begin(), data.end(), place, scattered.begin());
    auto permuted = thrust::make_permutation_iterator(scattered.begin(), place);
    const bool same = thrust::equal(data.begin(), data.end(), permuted);

    int wrong = !same;
    for (std::size_t y = 0; y < rows; ++y)
        for (std::size_t x = 0; x < columns; ++x) {
            int sum = 0;
            for (std::size_t v = 0; v <= y; ++v)
                for (std::size_t u = 0; u <= x; ++u) sum += before[v * columns + u];
            wrong += data[y * columns + x] != sum;
        }
    std::printf(wrong ? "FAIL %d\n" : "PASS\n", wrong);
    return wrong != 0;
}
