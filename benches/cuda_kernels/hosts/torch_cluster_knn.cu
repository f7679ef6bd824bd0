// The k nearest points of the same example, in order; of points equally near, the first. Coordinates are small multiples of
// 1/8, so that distances are exact.
#include "check.h"
#include "kernel.cuh"

#include <algorithm>

static void run(std::vector<int64_t> bounds_x, std::vector<int64_t> bounds_y, int dim, int k) {
  int64_t n = bounds_x.back(), m = bounds_y.back(), examples = (int64_t)bounds_x.size() - 1;
  check::Random random(n + m);
  auto x = random.integers<float>(n * dim, 64), y = random.integers<float>(m * dim, 64);
  for (float &c : x) c /= 8;
  for (float &c : y) c /= 8;
  std::vector<int64_t> want_row, want_col;
  for (int64_t e = 0; e < examples; e++)
    for (int64_t i = bounds_y[e]; i < bounds_y[e + 1]; i++) {
      std::vector<std::pair<double, int64_t>> order;
      for (int64_t j = bounds_x[e]; j < bounds_x[e + 1]; j++) {
        double square = 0;
        for (int d = 0; d < dim; d++) square += pow((double)x[j * dim + d] - y[i * dim + d], 2);
        order.push_back({square, j});
      }
      std::sort(order.begin(), order.end());
      for (int r = 0; r < k; r++) want_row.push_back(i), want_col.push_back(r < (int)order.size() ? order[r].second : -1);
    }
  check::Device<float> d_x(x), d_y(y);
  check::Device<int64_t> d_bounds_x(bounds_x), d_bounds_y(bounds_y), row(m * k), col(m * k);
  knn_kernel<float><<<(m + THREADS - 1) / THREADS, THREADS>>>(d_x, d_y, d_bounds_x, d_bounds_y, row, col, k, n, m, dim, examples, false);
  check::finished();
  check::equal("row", row.host(), want_row);
  check::equal("column", col.host(), want_col);
}

int main() {
  run({0, 1}, {0, 1}, 1, 1);
  run({0, 61, 64, 131}, {0, 17, 23, 70}, 3, 5);
  run({0, 256}, {0, 256}, 2, 16);
  return check::verdict();
}
