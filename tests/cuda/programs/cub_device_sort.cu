// cub::DeviceRadixSort of keys and pairs both ways, of whole and floating-point numbers, in one tile and in many, with double
// buffers and by some bits alone; cub::DeviceMergeSort with an order of the program's own.
#include <cub/device/device_merge_sort.cuh>
#include <cub/device/device_radix_sort.cuh>
#include <algorithm>
#include <cstdio>
#include <numeric>
#include <vector>

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

template <class Key>
int check(int n) {
    std::vector<Key> h(n), keys(n);
    std::vector<int> order(n), values(n);
    for (int i = 0; i < n; ++i) h[i] = static_cast<Key>(static_cast<int>(i * 7919ll % 2011) - 1000) * static_cast<Key>(33), order[i] = i;
    Key *in, *out;
    int *before, *after, bad = 0;
    cudaMalloc(&in, n * sizeof(Key)), cudaMalloc(&out, n * sizeof(Key)), cudaMalloc(&before, n * sizeof(int)), cudaMalloc(&after, n * sizeof(int));
    cudaMemcpy(in, h.data(), n * sizeof(Key), cudaMemcpyHostToDevice), cudaMemcpy(before, order.data(), n * sizeof(int), cudaMemcpyHostToDevice);
    bad += in_two_calls([&](void *s, size_t &b) { return cub::DeviceRadixSort::SortPairs(s, b, in, out, before, after, n); }) != cudaSuccess;
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return h[a] < h[b]; });
    cudaMemcpy(keys.data(), out, n * sizeof(Key), cudaMemcpyDeviceToHost), cudaMemcpy(values.data(), after, n * sizeof(int), cudaMemcpyDeviceToHost);
    for (int i = 0; i < n; ++i) bad += values[i] != order[i] || keys[i] != h[order[i]];
    cub::DoubleBuffer<Key> buffer(in, out);
    bad += in_two_calls([&](void *s, size_t &b) { return cub::DeviceRadixSort::SortKeysDescending(s, b, buffer, n); }) != cudaSuccess;
    cudaMemcpy(keys.data(), buffer.Current(), n * sizeof(Key), cudaMemcpyDeviceToHost);
    for (int i = 0; i < n; ++i) bad += keys[i] != h[order[n - 1 - i]];
    cudaFree(in), cudaFree(out), cudaFree(before), cudaFree(after);
    if (bad) std::printf("%d keys of %zu bytes: %d wrong\n", n, sizeof(Key), bad);
    return bad;
}

struct Point {
    short x, y;
};
struct ByDistance {
    __host__ __device__ bool operator()(const Point &a, const Point &b) const { return a.x * a.x + a.y * a.y < b.x * b.x + b.y * b.y; }
};

int check_points(int n) {
    std::vector<Point> h(n), got(n);
    for (int i = 0; i < n; ++i) h[i] = {static_cast<short>(i * 31 % 53 - 26), static_cast<short>(i * 17 % 59 - 29)};
    Point *points;
    cudaMalloc(&points, n * sizeof(Point));
    cudaMemcpy(points, h.data(), n * sizeof(Point), cudaMemcpyHostToDevice);
    int bad = in_two_calls([&](void *s, size_t &b) { return cub::DeviceMergeSort::StableSortKeys(s, b, points, n, ByDistance{}); }) != cudaSuccess;
    cudaMemcpy(got.data(), points, n * sizeof(Point), cudaMemcpyDeviceToHost);
    std::stable_sort(h.begin(), h.end(), ByDistance{});
    for (int i = 0; i < n; ++i) bad += got[i].x != h[i].x || got[i].y != h[i].y;
    cudaFree(points);
    if (bad) std::printf("%d points: %d wrong\n", n, bad);
    return bad;
}

int main() {
    int bad = 0;
    for (const int n : {1, 2, 777, 9001}) bad += check<int>(n) + check_points(n);
    bad += check<double>(5003);
    std::printf("%s\n", bad ? "wrong" : "ok");
    return bad != 0;
}
