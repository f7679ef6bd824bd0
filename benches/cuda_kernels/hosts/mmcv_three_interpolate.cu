// Weighted sums of three features each, and their gradients by atomic addition.
#include "check.h"
#include "kernel.cuh"

static void run(int b, int c, int m, int n) {
  check::Random random(b + c * m + n);
  auto points = random.reals((size_t)b * c * m, -1, 1), weight = random.reals((size_t)b * n * 3, 0, 1);
  auto grad = random.reals((size_t)b * c * n, -1, 1);
  auto index = random.integers(weight.size(), m);
  std::vector<check::Expected> want(grad.size()), want_grad(points.size());
  for (size_t i = 0; i < grad.size(); i++)
    for (int k = 0; k < 3; k++) {
      size_t at = (i / n / c * n + i % n) * 3 + k, from = i / n * m + index[at];
      want[i].add((double)weight[at] * points[from]);
      want_grad[from].add((double)grad[i] * weight[at]);
    }
  check::Device<float> d_points(points), d_weight(weight), d_grad(grad), out(grad.size()), sum(points.size(), 0.0f);
  check::Device<int> d_index(index);
  dim3 grid((n + 127) / 128, c, b);
  three_interpolate_forward_cuda_kernel<float><<<grid, 128>>>(b, c, m, n, d_points, d_index, d_weight, out);
  three_interpolate_backward_cuda_kernel<float><<<grid, 128>>>(b, c, n, m, d_grad, d_index, d_weight, sum);
  check::finished();
  // One rounding per product.
  check::near("interpolation", out.host(), want, 1);
  check::near("gradient", sum.host(), want_grad, 1);
}

int main() {
  run(1, 1, 1, 1);
  run(2, 3, 29, 61);
  run(1, 5, 128, 128);
  run(2, 2, 7, 131);
  return check::verdict();
}
