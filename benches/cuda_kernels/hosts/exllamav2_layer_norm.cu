// Rows of half precision, centred and divided by their standard deviation. Sums are of float; half has a unit roundoff of
// 2^-11, and the result is rounded to it at most three times: scaled, with the bias, with what was there.
#include "check.h"
#include <cuda_fp16.h>
#include "kernel.cuh"

static std::vector<half> halves(const std::vector<float> &from) {
  std::vector<half> list;
  for (float x : from) list.push_back(__float2half(x));
  return list;
}

template <int BLOCKS>
static void run(int rows, int dim, bool biased, bool residual) {
  check::Random random(rows + dim);
  size_t size = (size_t)rows * dim;
  auto x = halves(random.reals(size, -3, 3)), w = halves(random.reals(dim, 0.5, 2)), b = halves(random.reals(dim, -1, 1));
  auto before = halves(random.reals(size, -1, 1));
  const float epsilon = 1e-5f;
  std::vector<check::Expected> want;
  for (int i = 0; i < rows; i++) {
    auto at = [&](int j) { return (double)__half2float(x[(size_t)i * dim + j]); };
    double mean = 0, square = 0;
    for (int j = 0; j < dim; j++) mean += at(j) / dim;
    for (int j = 0; j < dim; j++) square += pow(at(j) - mean, 2) / dim;
    for (int j = 0; j < dim; j++) {
      double scale = __half2float(w[j]) / sqrt(square + epsilon);
      check::Expected value(at(j) * scale);
      value.add(-mean * scale);
      if (biased) value.add(__half2float(b[j]));
      if (residual) value.add(__half2float(before[(size_t)i * dim + j]));
      want.push_back(value);
    }
  }
  check::Device<half> d_x(x), d_w(w), d_b(b), y(before);
  layer_norm_kernel<BLOCKS><<<rows, NUM_THREADS>>>(d_x, d_w, biased ? d_b.get() : nullptr, y, epsilon, 1.0f / dim, rows, dim, residual);
  check::finished();
  std::vector<float> got;
  for (half value : y.host()) got.push_back(__half2float(value));
  // Roundings of float are 2^-13 of those of half.
  check::near("norm", got, want, (dim + 20) * 0x1p-13, 0x1p-11);
}

int main() {
  run<1>(1, 2, false, false);
  run<1>(3, 254, true, true);
  run<1>(2, 2048, true, false);
  run<2>(2, 2050, false, true);
  return check::verdict();
}
