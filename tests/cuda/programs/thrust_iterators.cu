// Fancy iterators, tuples and zip functions.
#include <cmath>
#include <cstdio>

#include <thrust/copy.h>
#include <thrust/device_vector.h>
#include <thrust/for_each.h>
#include <thrust/functional.h>
#include <thrust/host_vector.h>
#include <thrust/iterator/constant_iterator.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/discard_iterator.h>
#include <thrust/iterator/permutation_iterator.h>
#include <thrust/iterator/reverse_iterator.h>
#include <thrust/iterator/transform_iterator.h>
#include <thrust/iterator/transform_output_iterator.h>
#include <thrust/iterator/zip_iterator.h>
#include <thrust/reduce.h>
#include <thrust/scan.h>
#include <thrust/transform.h>
#include <thrust/transform_reduce.h>
#include <thrust/tuple.h>
#include <thrust/zip_function.h>

using Vec3 = thrust::tuple<float, float, float>;

struct Dot {
    __host__ __device__ float operator()(const Vec3 &a, const Vec3 &b) const {
        return thrust::get<0>(a) * thrust::get<0>(b) + thrust::get<1>(a) * thrust::get<1>(b) + thrust::get<2>(a) * thrust::get<2>(b);
    }
};
struct Rotate {
    template <class Tuple>
    __device__ void operator()(Tuple t) const {
        const float x = thrust::get<0>(t);
        thrust::get<0>(t) = -thrust::get<1>(t);
        thrust::get<1>(t) = x;
    }
};
struct Fma {
    __host__ __device__ float operator()(float a, float b, float c) const { return a * b + c; }
};
struct Half {
    __host__ __device__ float operator()(int x) const { return x * 0.5f; }
};
struct Twice {
    __host__ __device__ int operator()(int v) const { return 2 * v; }
};
// (value, index) of the larger, of equal ones the first.
struct Larger {
    using Pair = thrust::tuple<float, int>;
    __host__ __device__ Pair operator()(const Pair &a, const Pair &b) const {
        if (thrust::get<0>(a) != thrust::get<0>(b)) return thrust::get<0>(a) > thrust::get<0>(b) ? a : b;
        return thrust::get<1>(a) < thrust::get<1>(b) ? a : b;
    }
};
struct Strided {
    int stride;
    __host__ __device__ int operator()(int i) const { return i * stride; }
};

int main() {
    const int n = 333;
    thrust::host_vector<float> hx(n), hy(n), hz(n);
    for (int i = 0; i < n; ++i) hx[i] = i % 13 - 6.0f, hy[i] = i % 7 - 3.0f, hz[i] = i % 5 * 0.5f;
    thrust::device_vector<float> x = hx, y = hy, z = hz, out(n);
    auto points = thrust::make_zip_iterator(thrust::make_tuple(x.begin(), y.begin(), z.begin()));
    int wrong = 0;

    thrust::transform(points, points + n, points, out.begin(), Dot());
    for (int i = 0; i < n; ++i) wrong += out[i] != hx[i] * hx[i] + hy[i] * hy[i] + hz[i] * hz[i];
    thrust::for_each(thrust::make_zip_iterator(thrust::make_tuple(x.begin(), y.begin())), thrust::make_zip_iterator(thrust::make_tuple(x.end(), y.end())), Rotate());
    for (int i = 0; i < n; ++i) wrong += x[i] != -hy[i] || y[i] != hx[i];
    thrust::transform(points, points + n, out.begin(), thrust::make_zip_function(Fma()));
    for (int i = 0; i < n; ++i) wrong += out[i] != -hy[i] * hx[i] + hz[i];

    auto indexed = thrust::make_zip_iterator(thrust::make_tuple(z.begin(), thrust::counting_iterator<int>(0)));
    const thrust::tuple<float, int> first = indexed[0];
    const thrust::tuple<float, int> largest = thrust::reduce(indexed, indexed + n, first, Larger());
    wrong += thrust::get<0>(largest) != 2.0f || thrust::get<1>(largest) != 4;

    auto halves = thrust::make_transform_iterator(thrust::counting_iterator<int>(1), Half());
    wrong += thrust::reduce(halves, halves + 100) != 2525.0f;
    wrong += thrust::reduce(thrust::constant_iterator<int>(3), thrust::constant_iterator<int>(3) + 50) != 150;
    auto strided = thrust::make_permutation_iterator(z.begin(), thrust::make_transform_iterator(thrust::counting_iterator<int>(0), Strided{5}));
    wrong += thrust::reduce(strided, strided + n / 5) != 0.0f;
    thrust::copy(z.rbegin(), z.rend(), out.begin());
    wrong += out[0] != hz[n - 1] || out[n - 1] != hz[0];
    thrust::copy(thrust::make_reverse_iterator(out.end()), thrust::make_reverse_iterator(out.begin()), x.begin());
    wrong += x[3] != hz[3];
    thrust::device_vector<int> doubled(n);
    auto into = thrust::make_transform_output_iterator(doubled.begin(), Twice());
    thrust::copy(thrust::counting_iterator<int>(0), thrust::counting_iterator<int>(n), into);
    wrong += doubled[200] != 400;
    // From the device through an iterator that computes, to the host, and from the host with a conversion.
    thrust::host_vector<double> computed(10);
    thrust::copy(halves, halves + 10, computed.begin());
    auto scaled = thrust::make_transform_iterator(doubled.begin(), Half());
    thrust::copy(scaled, scaled + 10, computed.begin());
    thrust::device_vector<int> truncated = thrust::host_vector<float>(5, 2.75f);
    wrong += computed[9] != 9 || truncated[4] != 2;
    std::printf(wrong ? "FAIL %d\n" : "PASS\n", wrong);
    return wrong != 0;
}
