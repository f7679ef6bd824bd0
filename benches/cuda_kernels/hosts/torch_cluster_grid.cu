// The cell of a grid that each point lies in. Positions are multiples of 1/4, sizes of 1/2: a quotient is exact where it is whole.
#include "check.h"
#include "kernel.cuh"

static void run(int n, int dim) {
  check::Random random(n + dim);
  auto positions = random.integers<float>((size_t)n * dim, 40), sizes = random.integers<float>(dim, 3);
  for (float &p : positions) p /= 4;
  for (float &s : sizes) s = (s + 1) / 2;
  std::vector<float> start(dim, 0), end(dim, 9.75f);
  std::vector<int64_t> want(n);
  for (int i = 0; i < n; i++)
    for (int64_t d = 0, stride = 1; d < dim; d++) {
      want[i] += (int64_t)floor(positions[i * dim + d] / (double)sizes[d]) * stride;
      stride *= (int64_t)floor(end[d] / (double)sizes[d]) + 1;
    }
  check::Device<float> d_positions(positions), d_sizes(sizes), d_start(start), d_end(end);
  check::Device<int64_t> out(n);
  grid_kernel<float><<<(n + THREADS - 1) / THREADS, THREADS>>>(d_positions, d_sizes, d_start, d_end, out, dim, n);
  check::finished();
  check::equal("cell", out.host(), want);
}

int main() {
  run(1, 1);
  run(1021, 3);
  run(1024, 2);
  run(2053, 4);
  return check::verdict();
}
