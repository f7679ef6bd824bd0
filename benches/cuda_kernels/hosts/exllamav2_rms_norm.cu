// Rows of half precision divided by their root mean square. The sum of squares and its root are computed in float; half has a
// unit roundoff of 2^-11, and the result is rounded to it once, or twice where it is added to what was there.
#include "check.h"
#include <cuda_fp16.h>
#include "kernel.cuh"

static std::vector<half> halves(const std::vector<float> &from) {
  std::vector<half> list;
  for (float x : from) list.push_back(__float2half(x));
  return list;
}

template <int BLOCKS>
static void run(int rows, int dim, bool residual) {
  check::Random random(rows + dim);
  auto x = halves(random.reals((size_t)rows * dim, -3, 3)), w = halves(random.reals(dim, 0.5, 2)), before = halves(random.reals((size_t)rows * dim, -1, 1));
  const float epsilon = 1e-5f;
  std::vector<check::Expected> want;
  for (int i = 0; i < rows; i++) {
    double sum = 0;
    for (int j = 0; j < dim; j++) sum += pow(__half2float(x[(size_t)i * dim + j]), 2);
    for (int j = 0; j < dim; j++) {
      check::Expected value(__half2float(x[(size_t)i * dim + j]) * __half2float(w[j]) / sqrt(sum / dim + epsilon));
      if (residual) value.add(__half2float(before[(size_t)i * dim + j]));
      want.push_back(value);
    }
  }
  check::Device<half> d_x(x), d_w(w), y(before);
  rms_norm_kernel<BLOCKS><<<rows, NUM_THREADS>>>(d_x.get(), d_w, y.get(), epsilon, 1.0f / dim, rows, dim, residual, false, false);
  check::finished();
  std::vector<float> got;
  for (half value : y.host()) got.push_back(__half2float(value));
  // One rounding to half, and dim / 2 + 10 roundings of float, which are 2^-13 of one.
  check::near("norm", got, want, 1 + (dim / 2 + 10) * 0x1p-13, 0x1p-11);
}

int main() {
  run<1>(1, 2, false);
  run<1>(3, 254, true);
  run<1>(2, 2048, false);
  run<2>(2, 2050, true);
  return check::verdict();
}
