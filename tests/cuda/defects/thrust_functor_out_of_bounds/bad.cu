// A stencil as a functor over indices: it looks at its right neighbour, and the last element has none.
#include <cstdio>

#include <thrust/device_vector.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/sequence.h>
#include <thrust/transform.h>

struct Slope {
    const float *values;
    int n;
    __device__ float operator()(int i) const {
        return values[i + 1] - values[i]; // defect: out_of_bounds
    }
};

int main() {
    const int n = 1000;
    thrust::device_vector<float> values(n), slopes(n);
    thrust::sequence(values.begin(), values.end(), 0.0f, 0.5f);
    thrust::transform(thrust::counting_iterator<int>(0), thrust::counting_iterator<int>(n), slopes.begin(), Slope{thrust::raw_pointer_cast(values.data()), n});
    int wrong = 0;
    for (int i = 0; i < n - 1; ++i) wrong += slopes[i] != 0.5f;
    std::printf(wrong ? "FAIL\n" : "PASS\n");
    return wrong != 0;
}
