// The three nearest of the known points for each unknown one; of points that are equally near, the first.
// Coordinates are small multiples of 1/8, so that every distance is exact.
#include "check.h"
#include "kernel.cuh"

#include <algorithm>

static void run(int b, int n, int m) {
  check::Random random(n * 3 + m);
  auto unknown = random.integers<float>((size_t)b * n * 3, 64), known = random.integers<float>((size_t)b * m * 3, 64);
  for (float &x : unknown) x /= 8;
  for (float &x : known) x /= 8;
  std::vector<float> want_distance((size_t)b * n * 3);
  std::vector<int> want_index(want_distance.size());
  for (int i = 0; i < b * n; i++) {
    std::vector<std::pair<double, int>> order;
    for (int k = 0; k < m; k++) {
      double square = 0;
      for (int d = 0; d < 3; d++) square += pow((double)unknown[i * 3 + d] - known[(i / n * m + k) * 3 + d], 2);
      order.push_back({square, k});
    }
    std::sort(order.begin(), order.end());
    for (int k = 0; k < 3; k++) want_distance[i * 3 + k] = (float)order[k].first, want_index[i * 3 + k] = order[k].second;
  }
  check::Device<float> d_unknown(unknown), d_known(known), distance(want_distance.size());
  check::Device<int> index(want_index.size());
  three_nn_forward_cuda_kernel<float><<<dim3((n + 255) / 256, b), 256>>>(b, n, m, d_unknown, d_known, distance, index);
  check::finished();
  check::equal("distance", distance.host(), want_distance);
  check::equal("index", index.host(), want_index);
}

int main() {
  run(1, 1, 3);
  run(2, 61, 127);
  run(1, 256, 33);
  run(2, 257, 5);
  return check::verdict();
}
