// Gathers points by index, and scatters gradients back by atomic addition.
#include "check.h"
#include "kernel.cuh"

static void run(int b, int c, int n, int m) {
  check::Random random(b * c + n * m);
  auto points = random.reals((size_t)b * c * n, -1, 1), grad = random.reals((size_t)b * c * m, -1, 1);
  auto index = random.integers((size_t)b * m, n);
  std::vector<float> want(grad.size());
  std::vector<check::Expected> want_grad(points.size());
  for (size_t i = 0; i < grad.size(); i++) {
    size_t from = i / m * n + index[i / m / c * m + i % m];
    want[i] = points[from];
    want_grad[from].add(grad[i]);
  }
  check::Device<float> d_points(points), d_grad(grad), out(grad.size()), sum(points.size(), 0.0f);
  check::Device<int> d_index(index);
  dim3 grid((m + 63) / 64, c, b);
  gather_points_forward_cuda_kernel<float><<<grid, 64>>>(b, c, n, m, d_points, d_index, out);
  gather_points_backward_cuda_kernel<float><<<grid, 64>>>(b, c, n, m, d_grad, d_index, sum);
  check::finished();
  check::equal("gather", out.host(), want);
  check::near("gradient", sum.host(), want_grad, 0);
}

int main() {
  run(1, 1, 1, 1);
  run(2, 3, 41, 67);
  run(3, 2, 5, 64);
  run(1, 7, 129, 193);
  return check::verdict();
}
