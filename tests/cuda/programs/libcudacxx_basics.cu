// The standard library of device code: limits, type traits, arrays, tuples, pairs, optional values, spans, functional objects,
// complex numbers, mathematical functions, bit operations, and what libcu++ adds to them.
#include <cuda/cmath>
#include <cuda/functional>
#include <cuda/std/array>
#include <cuda/std/bit>
#include <cuda/std/cmath>
#include <cuda/std/complex>
#include <cuda/std/functional>
#include <cuda/std/limits>
#include <cuda/std/numeric>
#include <cuda/std/optional>
#include <cuda/std/span>
#include <cuda/std/tuple>
#include <cuda/std/type_traits>
#include <cuda/std/utility>
#include <cmath>
#include <complex>
#include <cstdio>

template <class T>
__global__ void extremes(T *out) {
    out[0] = cuda::std::numeric_limits<T>::lowest();
    out[1] = cuda::std::numeric_limits<T>::max();
}

template <class Operation>
__global__ void apply(cuda::std::span<const int> a, cuda::std::span<int> out, Operation operation) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < static_cast<int>(a.size())) out[i] = operation(a[i], i);
}

__global__ void powers(cuda::std::complex<double> *out, int n) {
    const int i = threadIdx.x;
    if (i >= n) return;
    const double angle = 2 * 3.14159265358979323846 * i / n;
    cuda::std::complex<double> root(cuda::std::cos(angle), cuda::std::sin(angle)), power(1, 0);
    for (int k = 0; k < n; ++k) power *= root;   // 1 again
    out[i] = power;
}

__device__ cuda::std::tuple<int, float, char> three(int i) { return {i, i * 0.5f, static_cast<char>('a' + i % 26)}; }

__host__ __device__ constexpr int steps(int n) {
    int count = 0;
    for (; n != 1; ++count) n = n % 2 ? 3 * n + 1 : n / 2;
    return count;
}
static_assert(steps(7) == 16);

__global__ void containers(int *out, int n) {
    const int i = threadIdx.x;
    if (i >= n) return;
    cuda::std::array<int, 5> values{};
    cuda::std::iota(values.begin(), values.end(), i);
    const auto [whole, half, letter] = three(i);
    cuda::std::pair<int, int> ends{values.front(), values.back()};
    cuda::std::optional<int> found;
    for (const int value : values)
        if (value % 4 == 3) found = value;
    static_assert(cuda::std::is_same_v<cuda::std::remove_cvref_t<decltype(half)>, float>);
    out[i] = cuda::std::accumulate(values.begin(), values.end(), 0) + whole + static_cast<int>(2 * half) + letter + (ends.second - ends.first) + found.value_or(-1) +
             cuda::std::popcount(static_cast<unsigned>(i)) + steps(i + 1) + cuda::ceil_div(i, 3) + cuda::round_up(i, 4) +
             cuda::maximum<int>{}(i, 7) + cuda::minimum<>{}(i, 7);
}

int expected(int i) {
    int sum = 0, found = -1;
    for (int v = i; v < i + 5; ++v) sum += v, found = v % 4 == 3 ? v : found;
    return sum + i + i + ('a' + i % 26) + 4 + found + __builtin_popcount(i) + steps(i + 1) + (i + 2) / 3 + (i + 3) / 4 * 4 + (i > 7 ? i : 7) + (i < 7 ? i : 7);
}

template <class T>
bool extremes_right() {
    T *d, h[2];
    cudaMalloc(&d, sizeof h);
    extremes<<<1, 1>>>(d);
    cudaMemcpy(h, d, sizeof h, cudaMemcpyDeviceToHost);
    cudaFree(d);
    return h[0] == std::numeric_limits<T>::lowest() && h[1] == std::numeric_limits<T>::max();
}

int main() {
    int bad = !extremes_right<int>() + !extremes_right<float>() + !extremes_right<double>() + !extremes_right<unsigned char>() + !extremes_right<long long>();
    constexpr int n = 101;
    int *d, h[2 * n];
    cudaMalloc(&d, sizeof h);
    for (int i = 0; i < n; ++i) h[i] = i * i;
    cudaMemcpy(d, h, n * sizeof(int), cudaMemcpyHostToDevice);
    const cuda::std::span<const int> in(d, n);
    const cuda::std::span<int> out(d + n, n);
    apply<<<cuda::ceil_div(n, 32), 32>>>(in, out, cuda::std::minus<>{});
    cudaMemcpy(h, d, sizeof h, cudaMemcpyDeviceToHost);
    for (int i = 0; i < n; ++i) bad += h[n + i] != i * i - i;
    apply<<<cuda::ceil_div(n, 32), 32>>>(in, out, cuda::maximum<int>{});
    cudaMemcpy(h, d, sizeof h, cudaMemcpyDeviceToHost);
    for (int i = 0; i < n; ++i) bad += h[n + i] != (i * i > i ? i * i : i);
    containers<<<1, 128>>>(d, n);
    cudaMemcpy(h, d, sizeof h, cudaMemcpyDeviceToHost);
    for (int i = 0; i < n; ++i) bad += h[i] != expected(i);
    cuda::std::complex<double> *roots;
    std::complex<double> back[17];
    cudaMalloc(&roots, sizeof back);
    powers<<<1, 32>>>(roots, 17);
    cudaMemcpy(back, roots, sizeof back, cudaMemcpyDeviceToHost);
    for (const auto &power : back) bad += std::abs(power - 1.0) > 1e-12;
    cudaFree(d), cudaFree(roots);
    std::printf("%s\n", bad ? "wrong" : "ok");
    return bad != 0;
}
