// cub::DeviceReduce and cub::DeviceSegmentedReduce by the two calls of their protocol: sums, extremes and where they are, own
// operators and types, iterators that count and transform, sums by key, and nothing to reduce.
#include <cub/device/device_reduce.cuh>
#include <cub/device/device_segmented_reduce.cuh>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/transform_iterator.h>
#include <cuda/iterator>
#include <algorithm>
#include <cstdio>
#include <numeric>
#include <vector>

// Asks for scratch memory, gets it, and calls again.
template <class Call>
cudaError_t in_two_calls(Call call) {
    void *scratch = nullptr;
    size_t bytes = 0;
    if (const cudaError_t error = call(scratch, bytes)) return error;
    cudaMalloc(&scratch, bytes);
    const cudaError_t error = call(scratch, bytes);
    cudaDeviceSynchronize();
    cudaFree(scratch);
    return error;
}

template <class T>
T first_of(const T *device) {
    T value;
    cudaMemcpy(&value, device, sizeof value, cudaMemcpyDeviceToHost);
    return value;
}

struct Box {
    int low, high;
    double weight;
};
struct Join {
    __host__ __device__ Box operator()(const Box &a, const Box &b) const {
        return {a.low < b.low ? a.low : b.low, a.high > b.high ? a.high : b.high, a.weight + b.weight};
    }
};
struct Square {
    __host__ __device__ long long operator()(int i) const { return static_cast<long long>(i) * i; }
};

template <class T>
int check_type(int n) {
    std::vector<T> h(n);
    for (int i = 0; i < n; ++i) h[i] = static_cast<T>(static_cast<int>(i * 7919ll % 1013) - 500);
    T *in, *out;
    cudaMalloc(&in, n * sizeof(T)), cudaMalloc(&out, sizeof(T));
    cudaMemcpy(in, h.data(), n * sizeof(T), cudaMemcpyHostToDevice);
    int bad = 0;
    bad += in_two_calls([&](void *s, size_t &b) { return cub::DeviceReduce::Sum(s, b, in, out, n); }) != cudaSuccess;
    bad += first_of(out) != std::accumulate(h.begin(), h.end(), T{0});
    bad += in_two_calls([&](void *s, size_t &b) { return cub::DeviceReduce::Min(s, b, in, out, n); }) != cudaSuccess;
    bad += first_of(out) != *std::min_element(h.begin(), h.end());
    bad += in_two_calls([&](void *s, size_t &b) { return cub::DeviceReduce::Max(s, b, in, out, n); }) != cudaSuccess;
    bad += first_of(out) != *std::max_element(h.begin(), h.end());
    long long *where;
    cudaMalloc(&where, sizeof *where);
    bad += in_two_calls([&](void *s, size_t &b) { return cub::DeviceReduce::ArgMax(s, b, in, out, where, static_cast<long long>(n)); }) != cudaSuccess;
    bad += first_of(where) != std::max_element(h.begin(), h.end()) - h.begin() || first_of(out) != *std::max_element(h.begin(), h.end());
    cudaFree(in), cudaFree(out), cudaFree(where);
    if (bad) std::printf("%d values of %zu bytes: %d wrong\n", n, sizeof(T), bad);
    return bad;
}

int check_boxes(int n) {
    std::vector<Box> h(n);
    Box want{1 << 30, -(1 << 30), 0};
    for (int i = 0; i < n; ++i) h[i] = {i * 31 % 977 - 400, i * 31 % 977 - 390, 0.25}, want = Join{}(want, h[i]);
    Box *in, *out;
    cudaMalloc(&in, (n + 1) * sizeof(Box)), cudaMalloc(&out, sizeof(Box));
    cudaMemcpy(in, h.data(), n * sizeof(Box), cudaMemcpyHostToDevice);
    int bad = in_two_calls([&](void *s, size_t &b) { return cub::DeviceReduce::Reduce(s, b, in, out, n, Join{}, Box{1 << 30, -(1 << 30), 0}); }) != cudaSuccess;
    const Box got = first_of(out);
    bad += got.low != want.low || got.high != want.high || got.weight != want.weight;
    // The sum of squares, of numbers that are nowhere.
    long long *sum;
    cudaMalloc(&sum, sizeof *sum);
    const auto squares = thrust::make_transform_iterator(thrust::make_counting_iterator(0), Square{});
    bad += in_two_calls([&](void *s, size_t &b) { return cub::DeviceReduce::Sum(s, b, squares, sum, n); }) != cudaSuccess;
    bad += first_of(sum) != static_cast<long long>(n - 1) * n * (2ll * n - 1) / 6;
    bad += in_two_calls([&](void *s, size_t &b) { return cub::DeviceReduce::TransformReduce(s, b, cuda::counting_iterator<int>(0), sum, n, cuda::std::plus<>{}, Square{}, 0ll); }) != cudaSuccess;
    bad += first_of(sum) != static_cast<long long>(n - 1) * n * (2ll * n - 1) / 6;
    cudaFree(in), cudaFree(out), cudaFree(sum);
    if (bad) std::printf("%d boxes: %d wrong\n", n, bad);
    return bad;
}

int check_keys(int n) {
    std::vector<int> keys(n), values(n), want_keys, want_sums;
    for (int i = 0; i < n; ++i) {
        keys[i] = static_cast<int>(i * 0.7) / 3, values[i] = i % 10;
        if (i == 0 || keys[i] != keys[i - 1]) want_keys.push_back(keys[i]), want_sums.push_back(0);
        want_sums.back() += values[i];
    }
    int *d, *count;
    cudaMalloc(&d, 4 * n * sizeof(int)), cudaMalloc(&count, sizeof(int));
    cudaMemcpy(d, keys.data(), n * sizeof(int), cudaMemcpyHostToDevice), cudaMemcpy(d + n, values.data(), n * sizeof(int), cudaMemcpyHostToDevice);
    int bad = in_two_calls([&](void *s, size_t &b) { return cub::DeviceReduce::ReduceByKey(s, b, d, d + 2 * n, d + n, d + 3 * n, count, cuda::std::plus<>{}, n); }) != cudaSuccess;
    const int runs = first_of(count);
    bad += runs != static_cast<int>(want_keys.size());
    cudaMemcpy(keys.data(), d + 2 * n, runs * sizeof(int), cudaMemcpyDeviceToHost), cudaMemcpy(values.data(), d + 3 * n, runs * sizeof(int), cudaMemcpyDeviceToHost);
    for (int i = 0; i < runs && !bad; ++i) bad += keys[i] != want_keys[i] || values[i] != want_sums[i];
    cudaFree(d), cudaFree(count);
    if (bad) std::printf("%d keys: %d wrong\n", n, bad);
    return bad;
}

int check_segments() {
    const std::vector<int> offsets{0, 0, 1, 40, 40, 700, 701, 2000};
    const int segments = static_cast<int>(offsets.size()) - 1, n = offsets.back();
    std::vector<float> h(n), got(segments);
    for (int i = 0; i < n; ++i) h[i] = static_cast<float>(i % 17) - 5;
    float *in, *out;
    int *begins, bad = 0;
    cudaMalloc(&in, n * sizeof(float)), cudaMalloc(&out, segments * sizeof(float)), cudaMalloc(&begins, offsets.size() * sizeof(int));
    cudaMemcpy(in, h.data(), n * sizeof(float), cudaMemcpyHostToDevice), cudaMemcpy(begins, offsets.data(), offsets.size() * sizeof(int), cudaMemcpyHostToDevice);
    bad += in_two_calls([&](void *s, size_t &b) { return cub::DeviceSegmentedReduce::Sum(s, b, in, out, segments, begins, begins + 1); }) != cudaSuccess;
    cudaMemcpy(got.data(), out, segments * sizeof(float), cudaMemcpyDeviceToHost);
    for (int s = 0; s < segments; ++s) bad += got[s] != std::accumulate(h.begin() + offsets[s], h.begin() + offsets[s + 1], 0.0f);
    cudaFree(in), cudaFree(out), cudaFree(begins);
    if (bad) std::printf("segments: %d wrong\n", bad);
    return bad;
}

int main() {
    int bad = check_segments();
    for (const int n : {1, 31, 1024, 4099, 50021}) bad += check_type<int>(n) + check_boxes(n) + check_keys(n);
    bad += check_type<float>(1009) + check_type<double>(5003) + check_type<long long>(7001);
    int *in, *out;
    cudaMalloc(&in, sizeof(int)), cudaMalloc(&out, sizeof(int));
    bad += in_two_calls([&](void *s, size_t &b) { return cub::DeviceReduce::Reduce(s, b, in, out, 0, cuda::std::plus<>{}, 42); }) != cudaSuccess;
    bad += first_of(out) != 42;
    cudaFree(in), cudaFree(out);
    std::printf("%s\n", bad ? "wrong" : "ok");
    return bad != 0;
}
