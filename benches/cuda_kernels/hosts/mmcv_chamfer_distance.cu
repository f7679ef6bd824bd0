// The nearest of the second cloud's points for each of the first, and gradients. Coordinates are small multiples of 1/8, so
// that distances are exact; of points equally near the first counts. The second cloud's size is a multiple of four: for
// others the kernel reads past what it has put into shared memory.
#include "check.h"
#include "kernel.cuh"

static void run(int b, int n, int m) {
  check::Random random(n * 2 + m);
  auto first = random.integers<float>((size_t)b * n * 2, 256), second = random.integers<float>((size_t)b * m * 2, 256);
  for (float &x : first) x /= 8;
  for (float &x : second) x /= 8;
  auto grad = random.reals((size_t)b * n, -1, 1);
  std::vector<float> want((size_t)b * n, INFINITY);
  std::vector<int> want_index(want.size());
  std::vector<check::Expected> want_first(first.size()), want_second(second.size());
  for (int i = 0; i < b * n; i++) {
    size_t other = (size_t)(i / n) * m;
    for (int k = 0; k < m; k++) {
      double x = first[i * 2] - second[(other + k) * 2], y = first[i * 2 + 1] - second[(other + k) * 2 + 1];
      if (x * x + y * y < want[i]) want[i] = (float)(x * x + y * y), want_index[i] = k;
    }
    for (int d = 0; d < 2; d++) {
      size_t at = (other + want_index[i]) * 2 + d;
      double slope = 2.0 * grad[i] * (first[i * 2 + d] - second[at]);
      want_first[i * 2 + d].add(slope), want_second[at].add(-slope);
    }
  }
  check::Device<float> d_first(first), d_second(second), d_grad(grad), out(want.size());
  check::Device<float> sum_first(first.size(), 0.0f), sum_second(second.size(), 0.0f);
  check::Device<int> index(want.size());
  chamfer_distance_forward_cuda_kernel<float><<<dim3(2, 1), THREADS_PER_BLOCK>>>(b, n, d_first, m, d_second, out, index);
  chamfer_distance_backward_cuda_kernel<float>
      <<<dim3(2, 1), 128>>>(b, n, d_first, m, d_second, d_grad, index, sum_first, sum_second);
  check::finished();
  check::equal("distance", out.host(), want);
  check::equal("index", index.host(), want_index);
  check::near("gradient of the first", sum_first.host(), want_first, 1);
  check::near("gradient of the second", sum_second.host(), want_second, 1);
}

int main() {
  run(1, 1, 4);
  run(2, 61, 36);
  run(1, 64, 512);
  run(3, 17, 516);
  run(1, 5, 1028);
  return check::verdict();
}
