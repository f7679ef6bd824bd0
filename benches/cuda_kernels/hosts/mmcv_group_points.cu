// Gathers points by index, and scatters gradients back by atomic addition.
#include "check.h"
#include "kernel.cuh"

static void run(int b, int c, int n, int npoints, int nsample) {
  check::Random random(b + c + n + npoints + nsample);
  size_t many = (size_t)b * c * npoints * nsample, each = (size_t)npoints * nsample;
  auto points = random.reals((size_t)b * c * n, -1, 1), grad = random.reals(many, -1, 1);
  auto index = random.integers(b * each, n);
  std::vector<float> want(many);
  std::vector<check::Expected> want_grad((size_t)b * c * n);
  for (size_t i = 0; i < many; i++) {
    size_t row = i / each, from = row * n + index[row / c * each + i % each];
    want[i] = points[from];
    want_grad[from].add(grad[i]);
  }
  check::Device<float> d_points(points), d_grad(grad), out(many), d_sum(points.size(), 0.0f);
  check::Device<int> d_index(index);
  dim3 grid((each + 127) / 128, c, b);
  group_points_forward_cuda_kernel<float><<<grid, 128>>>(b, c, n, npoints, nsample, d_points, d_index, out);
  group_points_backward_cuda_kernel<float><<<grid, 128>>>(b, c, n, npoints, nsample, d_grad, d_index, d_sum);
  check::finished();
  check::equal("group", out.host(), want);
  check::near("gradient", d_sum.host(), want_grad, 0);
}

int main() {
  run(1, 1, 1, 1, 1);
  run(2, 3, 31, 17, 5);
  run(1, 4, 64, 128, 4);
  run(2, 5, 7, 129, 3);
  return check::verdict();
}
