// SAXPY in three ways: one fused functor, placeholders, and two passes through a temporary vector.
#include <cstdio>

#include <thrust/device_vector.h>
#include <thrust/fill.h>
#include <thrust/functional.h>
#include <thrust/host_vector.h>
#include <thrust/sequence.h>
#include <thrust/transform.h>

struct Saxpy {
    float a;
    __host__ __device__ float operator()(float x, float y) const { return a * x + y; }
};

int main() {
    const int n = 10007;
    const float a = 2.5f;
    thrust::device_vector<float> x(n), y(n, 1.0f), fused(n), placed(n), slow = y, passing(n);
    thrust::sequence(x.begin(), x.end());
    thrust::transform(x.begin(), x.end(), y.begin(), fused.begin(), Saxpy{a});
    using namespace thrust::placeholders;
    thrust::transform(x.begin(), x.end(), y.begin(), placed.begin(), a * _1 + _2);
    thrust::fill(passing.begin(), passing.end(), a);
    thrust::transform(x.begin(), x.end(), passing.begin(), passing.begin(), thrust::multiplies<float>());
    thrust::transform(passing.begin(), passing.end(), slow.begin(), slow.begin(), thrust::plus<float>());

    const thrust::host_vector<float> one = fused, two = placed, three = slow;
    int wrong = 0;
    for (int i = 0; i < n; ++i) {
        const float wanted = a * i + 1;
        wrong += one[i] != wanted || two[i] != wanted || three[i] != wanted;
    }
    std::printf(wrong ? "FAIL %d\n" : "PASS\n", wrong);
    return wrong != 0;
}
