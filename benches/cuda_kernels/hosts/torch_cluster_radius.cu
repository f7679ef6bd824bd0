// The first points of the same example that lie within a radius. Coordinates are small multiples of 1/8: distances are exact.
#include "check.h"
#include "kernel.cuh"

static void run(std::vector<int64_t> bounds_x, std::vector<int64_t> bounds_y, int dim, float square_of_radius, int most) {
  int64_t n = bounds_x.back(), m = bounds_y.back(), examples = (int64_t)bounds_x.size() - 1;
  check::Random random(n * 2 + m);
  auto x = random.integers<float>(n * dim, 32), y = random.integers<float>(m * dim, 32);
  for (float &c : x) c /= 8;
  for (float &c : y) c /= 8;
  std::vector<int64_t> want_row(m * most, -1), want_col(m * most, -1);
  for (int64_t e = 0; e < examples; e++)
    for (int64_t i = bounds_y[e]; i < bounds_y[e + 1]; i++)
      for (int64_t j = bounds_x[e], found = 0; j < bounds_x[e + 1] && found < most; j++) {
        double square = 0;
        for (int d = 0; d < dim; d++) square += pow((double)x[j * dim + d] - y[i * dim + d], 2);
        if (square < square_of_radius) want_row[i * most + found] = i, want_col[i * most + found] = j, found++;
      }
  check::Device<float> d_x(x), d_y(y);
  check::Device<int64_t> d_bounds_x(bounds_x), d_bounds_y(bounds_y), row(m * most, -1), col(m * most, -1);
  radius_kernel<float><<<(m + THREADS - 1) / THREADS, THREADS>>>(d_x, d_y, d_bounds_x, d_bounds_y, row, col, square_of_radius, n, m, dim,
                                                                 examples, most);
  check::finished();
  check::equal("row", row.host(), want_row);
  check::equal("column", col.host(), want_col);
}

int main() {
  run({0, 1}, {0, 1}, 1, 100, 1);
  run({0, 61, 64, 131}, {0, 17, 23, 70}, 3, 2.25f, 8);
  run({0, 256}, {0, 257}, 2, 0.5f, 32);
  return check::verdict();
}
