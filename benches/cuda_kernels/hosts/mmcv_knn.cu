// The k nearest points by a heap in local memory. Coordinates are small multiples of 1/8, so distances are exact; which of
// equally near points is chosen is not said, so an index only has to be at the distance that goes with it, and once.
#include "check.h"
#include "kernel.cuh"

#include <algorithm>
#include <set>

static void run(int b, int n, int m, int k) {
  check::Random random(n + m * 3 + k);
  auto points = random.integers<float>((size_t)b * n * 3, 64), centres = random.integers<float>((size_t)b * m * 3, 64);
  for (float &x : points) x /= 8;
  for (float &x : centres) x /= 8;
  auto square = [&](int centre, int point) {
    double sum = 0;
    for (int d = 0; d < 3; d++) sum += pow((double)centres[centre * 3 + d] - points[(centre / m * n + point) * 3 + d], 2);
    return (float)sum;
  };
  std::vector<float> want((size_t)b * m * k);
  for (int i = 0; i < b * m; i++) {
    std::vector<float> all(n);
    for (int j = 0; j < n; j++) all[j] = square(i, j);
    std::sort(all.begin(), all.end());
    std::copy_n(all.begin(), k, &want[(size_t)i * k]);
  }
  check::Device<float> d_points(points), d_centres(centres), distance(want.size());
  check::Device<int> index(want.size());
  knn_forward_cuda_kernel<float><<<dim3((m + 63) / 64, b), 64>>>(b, n, m, k, d_points, d_centres, index, distance);
  check::finished();
  check::equal("distance", distance.host(), want);
  auto chosen = index.host();
  std::vector<float> reached(want.size());
  for (int i = 0; i < b * m; i++) {
    std::set<int> distinct(&chosen[(size_t)i * k], &chosen[(size_t)i * k] + k);
    bool valid = (int)distinct.size() == k && *distinct.begin() >= 0 && *distinct.rbegin() < n;
    for (int j = 0; j < k; j++) reached[(size_t)i * k + j] = valid ? square(i, chosen[(size_t)i * k + j]) : -1;
  }
  check::equal("distance of the index", reached, want);
}

int main() {
  run(1, 1, 1, 1);
  run(2, 101, 37, 7);
  run(1, 128, 64, 32);
  run(1, 100, 65, 100);
  return check::verdict();
}
