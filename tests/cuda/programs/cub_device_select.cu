// cub::DeviceSelect, cub::DevicePartition, cub::DeviceRunLengthEncode and cub::DeviceFor: by flags, by a condition, without
// repetitions, of none and of all.
#include <cub/device/device_for.cuh>
#include <cub/device/device_partition.cuh>
#include <cub/device/device_run_length_encode.cuh>
#include <cub/device/device_select.cuh>
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

struct Below {
    int limit;
    __host__ __device__ bool operator()(int x) const { return x < limit; }
};
struct Triple {
    int *out;
    const int *in;
    __device__ void operator()(int i) const { out[i] = 3 * in[i]; }
};

int check(int n, int limit) {
    std::vector<int> h(n), got(n);
    std::vector<char> flags(n);
    for (int i = 0; i < n; ++i) h[i] = static_cast<int>(i * 7919ll % 1013) / 3, flags[i] = i * i % 5 == 1;
    int *in, *out, *count, selected, bad = 0;
    char *marked;
    cudaMalloc(&in, n * sizeof(int)), cudaMalloc(&out, 2 * n * sizeof(int)), cudaMalloc(&count, sizeof(int)), cudaMalloc(&marked, n);
    cudaMemcpy(in, h.data(), n * sizeof(int), cudaMemcpyHostToDevice), cudaMemcpy(marked, flags.data(), n, cudaMemcpyHostToDevice);
    const auto compare = [&](const char *what, const std::vector<int> &want) {
        cudaMemcpy(&selected, count, sizeof selected, cudaMemcpyDeviceToHost);
        int wrong = selected != static_cast<int>(want.size());
        if (!wrong && selected) {
            cudaMemcpy(got.data(), out, selected * sizeof(int), cudaMemcpyDeviceToHost);
            wrong = !std::equal(want.begin(), want.end(), got.begin());
        }
        if (wrong) std::printf("%s of %d is wrong\n", what, n);
        bad += wrong;
    };
    std::vector<int> want;
    for (int i = 0; i < n; ++i)
        if (flags[i]) want.push_back(h[i]);
    bad += in_two_calls([&](void *s, size_t &b) { return cub::DeviceSelect::Flagged(s, b, in, marked, out, count, n); }) != cudaSuccess;
    compare("Flagged", want);
    want.clear();
    std::copy_if(h.begin(), h.end(), std::back_inserter(want), Below{limit});
    bad += in_two_calls([&](void *s, size_t &b) { return cub::DeviceSelect::If(s, b, in, out, count, n, Below{limit}); }) != cudaSuccess;
    compare("If", want);
    const size_t first = want.size();
    bad += in_two_calls([&](void *s, size_t &b) { return cub::DevicePartition::If(s, b, in, out, count, n, Below{limit}); }) != cudaSuccess;
    compare("Partition", want);
    cudaMemcpy(got.data(), out, n * sizeof(int), cudaMemcpyDeviceToHost);
    std::vector<int> rest;
    std::copy_if(h.begin(), h.end(), std::back_inserter(rest), [&](int x) { return x >= limit; });
    bad += !std::equal(rest.rbegin(), rest.rend(), got.begin() + first);   // the others come in reverse
    std::sort(h.begin(), h.end());
    cudaMemcpy(in, h.data(), n * sizeof(int), cudaMemcpyHostToDevice);
    want.clear();
    std::unique_copy(h.begin(), h.end(), std::back_inserter(want));
    bad += in_two_calls([&](void *s, size_t &b) { return cub::DeviceSelect::Unique(s, b, in, out, count, n); }) != cudaSuccess;
    compare("Unique", want);
    bad += in_two_calls([&](void *s, size_t &b) { return cub::DeviceRunLengthEncode::Encode(s, b, in, out, out + n, count, n); }) != cudaSuccess;
    compare("Encode", want);
    cudaMemcpy(got.data(), out + n, selected * sizeof(int), cudaMemcpyDeviceToHost);
    for (int i = 0; i < selected; ++i) bad += got[i] != std::count(h.begin(), h.end(), want[i]);
    bad += cub::DeviceFor::Bulk(n, Triple{out, in}) != cudaSuccess;
    cudaMemcpy(got.data(), out, n * sizeof(int), cudaMemcpyDeviceToHost);
    for (int i = 0; i < n; ++i) bad += got[i] != 3 * h[i];
    cudaFree(in), cudaFree(out), cudaFree(count), cudaFree(marked);
    if (bad) std::printf("%d below %d: %d wrong\n", n, limit, bad);
    return bad;
}

int main() {
    const int bad = check(1, 0) + check(1, 1000) + check(37, 150) + check(5003, 200) + check(20011, 0) + check(20011, 1000);
    std::printf("%s\n", bad ? "wrong" : "ok");
    return bad != 0;
}
