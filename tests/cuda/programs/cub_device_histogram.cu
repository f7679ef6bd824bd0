// cub::DeviceHistogram: equal bins and bins by their bounds, values outside of all, one channel and three of four.
#include <cub/device/device_histogram.cuh>
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

int check(int n) {
    constexpr int levels = 8;
    std::vector<float> h(n);
    for (int i = 0; i < n; ++i) h[i] = static_cast<float>(i * 37 % 101) * 0.25f - 3;
    float *samples, bounds[levels] = {-2, 0, 1, 2.5f, 7, 7.5f, 11, 20}, *d_bounds;
    int *bins, got[levels - 1], bad = 0;
    cudaMalloc(&samples, n * sizeof(float)), cudaMalloc(&d_bounds, sizeof bounds), cudaMalloc(&bins, sizeof got);
    cudaMemcpy(samples, h.data(), n * sizeof(float), cudaMemcpyHostToDevice), cudaMemcpy(d_bounds, bounds, sizeof bounds, cudaMemcpyHostToDevice);
    bad += in_two_calls([&](void *s, size_t &b) { return cub::DeviceHistogram::HistogramEven(s, b, samples, bins, levels, 0.0f, 14.0f, n); }) != cudaSuccess;
    cudaMemcpy(got, bins, sizeof got, cudaMemcpyDeviceToHost);
    for (int bin = 0; bin < levels - 1; ++bin) {
        int count = 0;
        for (const float x : h) count += x >= 2.0f * bin && x < 2.0f * (bin + 1);
        bad += got[bin] != count;
    }
    bad += in_two_calls([&](void *s, size_t &b) { return cub::DeviceHistogram::HistogramRange(s, b, samples, bins, levels, d_bounds, n); }) != cudaSuccess;
    cudaMemcpy(got, bins, sizeof got, cudaMemcpyDeviceToHost);
    for (int bin = 0; bin < levels - 1; ++bin) {
        int count = 0;
        for (const float x : h) count += x >= bounds[bin] && x < bounds[bin + 1];
        bad += got[bin] != count;
    }
    cudaFree(samples), cudaFree(d_bounds), cudaFree(bins);
    if (bad) std::printf("%d samples: %d wrong\n", n, bad);
    return bad;
}

int check_colours(int n) {
    std::vector<unsigned char> h(4 * n);
    for (int i = 0; i < 4 * n; ++i) h[i] = static_cast<unsigned char>(i * i * 7 + i);
    unsigned char *pixels;
    unsigned *bins, got[3][256];
    cudaMalloc(&pixels, 4 * n), cudaMalloc(&bins, sizeof got);
    cudaMemcpy(pixels, h.data(), 4 * n, cudaMemcpyHostToDevice);
    cuda::std::array<unsigned *, 3> channels{bins, bins + 256, bins + 512};
    int bad = in_two_calls([&](void *s, size_t &b) {
        return cub::DeviceHistogram::MultiHistogramEven<4, 3>(s, b, pixels, channels, cuda::std::array<int, 3>{257, 257, 257}, cuda::std::array<int, 3>{0, 0, 0}, cuda::std::array<int, 3>{256, 256, 256}, n);
    }) != cudaSuccess;
    cudaMemcpy(got, bins, sizeof got, cudaMemcpyDeviceToHost);
    for (int channel = 0; channel < 3; ++channel) {
        unsigned want[256] = {};
        for (int i = 0; i < n; ++i) ++want[h[4 * i + channel]];
        for (int bin = 0; bin < 256; ++bin) bad += got[channel][bin] != want[bin];
    }
    cudaFree(pixels), cudaFree(bins);
    return bad;
}

int main() {
    const int bad = check(1) + check(1009) + check(30011) + check_colours(1) + check_colours(4001);
    std::printf("%s\n", bad ? "wrong" : "ok");
    return bad != 0;
}
