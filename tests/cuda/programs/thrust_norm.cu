// Norms and statistics by transform_reduce, on vectors long enough that a sum in float must be made in a tree.
#include <cmath>
#include <cstdio>

#include <thrust/device_vector.h>
#include <thrust/extrema.h>
#include <thrust/functional.h>
#include <thrust/inner_product.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/reduce.h>
#include <thrust/transform.h>
#include <thrust/transform_reduce.h>

template <class T>
struct Square {
    __host__ __device__ T operator()(const T &x) const { return x * x; }
};

struct Wave {
    __device__ float operator()(int i) const { return 0.5f + 0.25f * static_cast<float>(i % 7) - 0.125f * static_cast<float>(i % 3); }
};

// Count, mean and squared deviations of a part, which two parts join (Chan et al.).
struct Moments {
    double n, mean, m2;
};
struct One {
    __host__ __device__ Moments operator()(float x) const { return {1, x, 0}; }
};
struct Join {
    __host__ __device__ Moments operator()(const Moments &a, const Moments &b) const {
        if (a.n == 0) return b;
        if (b.n == 0) return a;
        const double n = a.n + b.n, delta = b.mean - a.mean;
        return {n, a.mean + delta * b.n / n, a.m2 + b.m2 + delta * delta * a.n * b.n / n};
    }
};

static bool near(double a, double b, double tolerance) { return std::fabs(a - b) <= tolerance * std::fabs(b); }

int main() {
    const int n = 1 << 20;
    thrust::device_vector<float> x(n);
    thrust::transform(thrust::counting_iterator<int>(0), thrust::counting_iterator<int>(n), x.begin(), Wave());
    double sum = 0, squares = 0, cross = 0;
    auto wave = [](int i) { return 0.5 + 0.25 * (i % 7) - 0.125 * (i % 3); };
    for (int i = 0; i < n; ++i) sum += wave(i), squares += wave(i) * wave(i), cross += wave(i) * wave(n - 1 - i);
    const double variance = (squares - sum * sum / n) / (n - 1);

    const float norm = std::sqrt(thrust::transform_reduce(x.begin(), x.end(), Square<float>(), 0.0f, thrust::plus<float>()));
    const float total = thrust::reduce(x.begin(), x.end(), 0.0f);
    const double dot = thrust::inner_product(x.begin(), x.end(), x.rbegin(), 0.0);
    const Moments moments = thrust::transform_reduce(x.begin(), x.end(), One(), Moments{0, 0, 0}, Join());
    const float largest = thrust::reduce(x.begin(), x.end(), -1.0f, thrust::maximum<float>());
    const int empty = thrust::reduce(x.begin(), x.begin(), 42);

    bool right = near(norm, std::sqrt(squares), 1e-5) && near(total, sum, 1e-5) && near(dot, cross, 1e-9);
    right = right && moments.n == n && near(moments.mean, sum / n, 1e-9) && near(moments.m2 / (n - 1), variance, 1e-6);
    right = right && largest == 2.0f - 0.0f * largest && empty == 42;
    std::printf(right ? "PASS\n" : "FAIL %g %g %g %g\n", norm, total, dot, moments.mean);
    return !right;
}
