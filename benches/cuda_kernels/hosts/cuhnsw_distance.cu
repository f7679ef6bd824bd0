// Inner products and squared distances of pairs of rows, reduced by warp shuffles and shared memory.
#include "check.h"
#include <cuda_fp16.h>
#include "kernel.cuh"
#undef add

static void run(int rows, int pairs, int dim, int threads) {
  check::Random random(rows + pairs + dim);
  auto data = random.reals((size_t)rows * dim, -1, 1);
  auto from = random.integers(pairs, rows), to = random.integers(pairs, rows);
  std::vector<check::Expected> want_dot(pairs), want_square(pairs);
  for (int i = 0; i < pairs; i++)
    for (int d = 0; d < dim; d++) {
      double a = data[(size_t)from[i] * dim + d], b = data[(size_t)to[i] * dim + d];
      want_dot[i].add(-a * b), want_square[i].add((a - b) * (a - b));
    }
  check::Device<float> d_data(data), dot(pairs), square(pairs);
  check::Device<int> d_from(from), d_to(to);
  cuhnsw::BatchDistanceKernel<<<(pairs + 1) / 2, threads>>>(d_data, d_from, d_to, pairs, dim, DOT, dot);
  cuhnsw::BatchDistanceKernel<<<(pairs + 1) / 2, threads>>>(d_data, d_from, d_to, pairs, dim, L2, square);
  check::finished();
  check::near("inner product", dot.host(), want_dot, 1);
  check::near("distance", square.host(), want_square, 3);
}

int main() {
  run(1, 1, 1, 32);
  run(17, 13, 127, 64);
  run(32, 8, 256, 256);
  run(5, 7, 300, 32);
  return check::verdict();
}
