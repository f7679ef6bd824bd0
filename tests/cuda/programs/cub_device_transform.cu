// cub::DeviceTransform of one and of two arrays, cub::DeviceSegmentedSort and cub::DeviceMerge.
#include <cub/device/device_merge.cuh>
#include <cub/device/device_segmented_sort.cuh>
#include <cub/device/device_transform.cuh>
#include <cuda/std/tuple>
#include <algorithm>
#include <cstdio>
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

struct Twice {
    __host__ __device__ int operator()(int x) const { return 2 * x; }
};
struct Mix {
    int weight;
    __host__ __device__ int operator()(int x, int y) const { return weight * x - y; }
};

int check(int n) {
    std::vector<int> h(n), got(n), whole(2 * n);
    for (int i = 0; i < n; ++i) h[i] = static_cast<int>(i * 7919ll % 1013);
    const std::vector<int> begins{0, n / 3, n / 3, n};
    int *in, *out, *both, *segments, bad = 0;
    cudaMalloc(&in, n * sizeof(int)), cudaMalloc(&out, n * sizeof(int)), cudaMalloc(&both, 2 * n * sizeof(int)), cudaMalloc(&segments, begins.size() * sizeof(int));
    cudaMemcpy(in, h.data(), n * sizeof(int), cudaMemcpyHostToDevice), cudaMemcpy(segments, begins.data(), begins.size() * sizeof(int), cudaMemcpyHostToDevice);
    bad += cub::DeviceTransform::Transform(in, out, n, Twice{}) != cudaSuccess;
    cudaMemcpy(got.data(), out, n * sizeof(int), cudaMemcpyDeviceToHost);
    for (int i = 0; i < n; ++i) bad += got[i] != 2 * h[i];
    bad += cub::DeviceTransform::Transform(cuda::std::make_tuple(in, out), both, n, Mix{5}) != cudaSuccess;
    cudaMemcpy(got.data(), both, n * sizeof(int), cudaMemcpyDeviceToHost);
    for (int i = 0; i < n; ++i) bad += got[i] != 3 * h[i];
    bad += in_two_calls([&](void *s, size_t &b) { return cub::DeviceSegmentedSort::SortKeys(s, b, in, out, n, 3, segments, segments + 1); }) != cudaSuccess;
    cudaMemcpy(got.data(), out, n * sizeof(int), cudaMemcpyDeviceToHost);
    std::sort(h.begin(), h.begin() + n / 3), std::sort(h.begin() + n / 3, h.end());
    bad += got != h;
    std::sort(h.begin(), h.end());
    cudaMemcpy(in, h.data(), n * sizeof(int), cudaMemcpyHostToDevice);
    bad += in_two_calls([&](void *s, size_t &b) { return cub::DeviceMerge::MergeKeys(s, b, in, n, in, n, both); }) != cudaSuccess;
    cudaMemcpy(whole.data(), both, 2 * n * sizeof(int), cudaMemcpyDeviceToHost);
    for (int i = 0; i < 2 * n; ++i) bad += whole[i] != h[i / 2];
    cudaFree(in), cudaFree(out), cudaFree(both), cudaFree(segments);
    if (bad) std::printf("%d: %d wrong\n", n, bad);
    return bad;
}

int main() {
    const int bad = check(1) + check(257) + check(4001);
    std::printf("%s\n", bad ? "wrong" : "ok");
    return bad != 0;
}
