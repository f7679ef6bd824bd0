// The nearest point of the same example by a reduction in shared memory. Coordinates are small multiples of 1/8: distances
// are exact. Of points equally near any will do.
#include "check.h"
#include "kernel.cuh"

static void run(std::vector<int64_t> bounds_x, std::vector<int64_t> bounds_y, int dim) {
  int64_t n = bounds_x.back(), m = bounds_y.back(), examples = (int64_t)bounds_x.size() - 1;
  check::Random random(n + m);
  auto x = random.integers<float>(n * dim, 256), y = random.integers<float>(m * dim, 256);
  for (float &c : x) c /= 8;
  for (float &c : y) c /= 8;
  check::Device<float> d_x(x), d_y(y);
  check::Device<int64_t> d_bounds_x(bounds_x), d_bounds_y(bounds_y), out(n);
  nearest_kernel<float><<<n, THREADS>>>(d_x, d_y, d_bounds_x, d_bounds_y, out, examples, dim);
  check::finished();
  auto found = out.host();
  std::vector<float> got(n, -1), want(n, INFINITY);
  for (int64_t e = 0; e < examples; e++)
    for (int64_t i = bounds_x[e]; i < bounds_x[e + 1]; i++)
      for (int64_t j = bounds_y[e]; j < bounds_y[e + 1]; j++) {
        double square = 0;
        for (int d = 0; d < dim; d++) square += pow((double)x[i * dim + d] - y[j * dim + d], 2);
        want[i] = fminf(want[i], (float)square);
        if (j == found[i]) got[i] = (float)square;
      }
  check::equal("distance", got, want);
}

int main() {
  run({0, 1}, {0, 1}, 1);
  run({0, 5, 7}, {0, 61, 64}, 3);
  run({0, 3}, {0, 1031}, 2);
  return check::verdict();
}
