// Pi by random points, each from an engine of its own that skips ahead; and the moments of the distributions.
#include <cmath>
#include <cstdio>

#include <thrust/device_vector.h>
#include <thrust/functional.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/random.h>
#include <thrust/transform.h>
#include <thrust/transform_reduce.h>

struct Estimate {
    __host__ __device__ float operator()(unsigned thread) const {
        const unsigned points = 200;
        thrust::default_random_engine generator(17);
        generator.discard(2 * points * thread);
        thrust::uniform_real_distribution<float> uniform(0, 1);
        int inside = 0;
        for (unsigned i = 0; i < points; ++i) {
            const float x = uniform(generator), y = uniform(generator);
            inside += x * x + y * y <= 1;
        }
        return 4.0f * inside / points;
    }
};

struct Normal {
    __device__ double operator()(unsigned i) const {
        thrust::minstd_rand generator(99);
        generator.discard(i * 4);
        thrust::normal_distribution<double> normal(3, 2);
        return normal(generator);
    }
};

struct Die {
    __device__ int operator()(unsigned i) const {
        thrust::taus88 generator(i + 1);
        generator.discard(3);
        return thrust::uniform_int_distribution<int>(1, 6)(generator);
    }
};

int main() {
    const unsigned threads = 3000;
    thrust::counting_iterator<unsigned> first(0);
    const float pi = thrust::transform_reduce(first, first + threads, Estimate(), 0.0f, thrust::plus<float>()) / threads;
    // The same on the host, element by element: engines are the same everywhere.
    float host = 0;
    for (unsigned i = 0; i < threads; ++i) host += Estimate()(i);
    host /= threads;
    const double mean = thrust::transform_reduce(first, first + 20000, Normal(), 0.0, thrust::plus<double>()) / 20000;
    thrust::device_vector<int> dice(6000);
    thrust::transform(first, first + 6000, dice.begin(), Die());
    int faces[7] = {}, outside = 0;
    for (std::size_t i = 0; i < dice.size(); ++i) {
        const int face = dice[i];
        if (face < 1 || face > 6) ++outside;
        else ++faces[face];
    }
    bool right = std::fabs(pi - 3.14159) < 0.02 && std::fabs(pi - host) < 1e-3 && std::fabs(mean - 3) < 0.1 && outside == 0;
    for (int face = 1; face <= 6; ++face) right = right && faces[face] > 600;
    std::printf(right ? "PASS\n" : "FAIL %f %f %f\n", pi, host, mean);
    return !right;
}
