// cub::DeviceScan: inclusive and exclusive, sums and operators that do not commute, in place, by key, in a stream, of large
// classes, from iterators; and cub::DeviceAdjacentDifference.
#include <cub/device/device_adjacent_difference.cuh>
#include <cub/device/device_scan.cuh>
#include <cuda/iterator>
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

struct Matrix {   // 2 x 2, modulo 2^32
    unsigned a, b, c, d;
    __host__ __device__ bool operator!=(const Matrix &m) const { return a != m.a || b != m.b || c != m.c || d != m.d; }
};
struct Multiply {
    __host__ __device__ Matrix operator()(const Matrix &x, const Matrix &y) const {
        return {x.a * y.a + x.b * y.c, x.a * y.b + x.b * y.d, x.c * y.a + x.d * y.c, x.c * y.b + x.d * y.d};
    }
};

template <class T>
int check_sums(int n) {
    std::vector<T> h(n), got(n);
    for (int i = 0; i < n; ++i) h[i] = static_cast<T>(static_cast<int>(i * 7919ll % 101) - 40);
    T *in, *out;
    cudaMalloc(&in, n * sizeof(T)), cudaMalloc(&out, n * sizeof(T));
    cudaMemcpy(in, h.data(), n * sizeof(T), cudaMemcpyHostToDevice);
    int bad = in_two_calls([&](void *s, size_t &b) { return cub::DeviceScan::ExclusiveSum(s, b, in, out, n); }) != cudaSuccess;
    cudaMemcpy(got.data(), out, n * sizeof(T), cudaMemcpyDeviceToHost);
    T sum = 0;
    for (int i = 0; i < n; ++i) bad += got[i] != sum, sum += h[i];
    cudaStream_t stream;
    cudaStreamCreate(&stream);
    bad += in_two_calls([&](void *s, size_t &b) { return cub::DeviceScan::InclusiveSum(s, b, in, n, stream); }) != cudaSuccess;   // in place
    cudaMemcpy(got.data(), in, n * sizeof(T), cudaMemcpyDeviceToHost);
    cudaStreamDestroy(stream);
    sum = 0;
    for (int i = 0; i < n; ++i) sum += h[i], bad += got[i] != sum;
    cudaFree(in), cudaFree(out);
    if (bad) std::printf("%d values of %zu bytes: %d wrong\n", n, sizeof(T), bad);
    return bad;
}

int check_matrices(int n) {
    std::vector<Matrix> h(n), got(n);
    for (unsigned i = 0; i < static_cast<unsigned>(n); ++i) h[i] = {i, i + 1, 3 * i + 1, 1};
    Matrix *in, *out, product{1, 0, 0, 1};
    cudaMalloc(&in, n * sizeof(Matrix)), cudaMalloc(&out, n * sizeof(Matrix));
    cudaMemcpy(in, h.data(), n * sizeof(Matrix), cudaMemcpyHostToDevice);
    int bad = in_two_calls([&](void *s, size_t &b) { return cub::DeviceScan::InclusiveScan(s, b, in, out, Multiply{}, n); }) != cudaSuccess;
    cudaMemcpy(got.data(), out, n * sizeof(Matrix), cudaMemcpyDeviceToHost);
    for (int i = 0; i < n; ++i) product = Multiply{}(product, h[i]), bad += got[i] != product;
    bad += in_two_calls([&](void *s, size_t &b) { return cub::DeviceScan::ExclusiveScan(s, b, in, out, Multiply{}, Matrix{1, 0, 0, 1}, n); }) != cudaSuccess;
    cudaMemcpy(got.data(), out, n * sizeof(Matrix), cudaMemcpyDeviceToHost);
    product = {1, 0, 0, 1};
    for (int i = 0; i < n; ++i) bad += got[i] != product, product = Multiply{}(product, h[i]);
    cudaFree(in), cudaFree(out);
    if (bad) std::printf("%d matrices: %d wrong\n", n, bad);
    return bad;
}

int check_by_key(int n) {
    std::vector<int> h(n), got(n);
    for (int i = 0; i < n; ++i) h[i] = i / (1 + i % 5 * 3 + 7);
    int *d, bad = 0;
    cudaMalloc(&d, 2 * n * sizeof(int));
    cudaMemcpy(d, h.data(), n * sizeof(int), cudaMemcpyHostToDevice);
    bad += in_two_calls([&](void *s, size_t &b) { return cub::DeviceScan::InclusiveSumByKey(s, b, d, cuda::constant_iterator<int>(2), d + n, n); }) != cudaSuccess;
    cudaMemcpy(got.data(), d + n, n * sizeof(int), cudaMemcpyDeviceToHost);
    for (int i = 0, sum = 0; i < n; ++i) sum = i && h[i] == h[i - 1] ? sum + 2 : 2, bad += got[i] != sum;
    bad += in_two_calls([&](void *s, size_t &b) { return cub::DeviceAdjacentDifference::SubtractLeftCopy(s, b, d, d + n, n); }) != cudaSuccess;
    cudaMemcpy(got.data(), d + n, n * sizeof(int), cudaMemcpyDeviceToHost);
    for (int i = 0; i < n; ++i) bad += got[i] != (i ? h[i] - h[i - 1] : h[i]);
    cudaFree(d);
    if (bad) std::printf("%d by key: %d wrong\n", n, bad);
    return bad;
}

int main() {
    int bad = 0;
    for (const int n : {1, 33, 2047, 10007, 30011}) bad += check_sums<int>(n) + check_matrices(n) + check_by_key(n);
    bad += check_sums<float>(4099) + check_sums<double>(6007) + check_sums<long long>(9001) + check_sums<unsigned char>(5003);
    std::printf("%s\n", bad ? "wrong" : "ok");
    return bad != 0;
}
