// Each sampled point is one that is furthest from those sampled before; of points equally far any will do. Coordinates are
// integers below 256, so that every squared distance is exact.
#include "check.h"
#include "kernel.cuh"

// Squared distances of all pairs of n points of one batch.
static std::vector<float> table(const float *points, int n) {
  std::vector<float> squares((size_t)n * n);
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      double sum = 0;
      for (int d = 0; d < 3; d++) sum += pow((double)points[i * 3 + d] - points[j * 3 + d], 2);
      squares[(size_t)i * n + j] = (float)sum;
    }
  return squares;
}

// How far each sampled point was, and how far the furthest was.
static void follow(const std::vector<float> &squares, int n, const int *sampled, int m, std::vector<float> &got, std::vector<float> &want) {
  std::vector<float> distance(n, 1e10f);
  for (int j = 0; j < m; j++) {
    bool valid = sampled[j] >= 0 && sampled[j] < n && (j > 0 || sampled[j] == 0);
    float furthest = 0;
    for (int k = 0; k < n; k++) furthest = fmaxf(furthest, distance[k]);
    want.push_back(furthest), got.push_back(valid ? distance[sampled[j]] : -1);
    for (int k = 0; valid && k < n; k++) distance[k] = fminf(distance[k], squares[(size_t)sampled[j] * n + k]);
  }
}

template <unsigned BLOCK>
static void run(int b, int n, int m) {
  check::Random random(n + m);
  auto points = random.integers<float>((size_t)b * n * 3, 256);
  std::vector<float> squares;
  for (int i = 0; i < b; i++) {
    auto one = table(&points[(size_t)i * n * 3], n);
    squares.insert(squares.end(), one.begin(), one.end());
  }
  check::Device<float> d_points(points), d_squares(squares), nearest((size_t)b * n, 1e10f), nearest_2((size_t)b * n, 1e10f);
  check::Device<int> sampled((size_t)b * m), sampled_2((size_t)b * m);
  furthest_point_sampling_forward_cuda_kernel<BLOCK><<<b, BLOCK>>>(b, n, m, d_points, nearest, sampled);
  furthest_point_sampling_with_dist_forward_cuda_kernel<BLOCK><<<b, BLOCK>>>(b, n, m, d_squares, nearest_2, sampled_2);
  check::finished();
  auto first = sampled.host(), second = sampled_2.host();
  for (int i = 0; i < b; i++)
    for (const int *list : {&first[(size_t)i * m], &second[(size_t)i * m]}) {
      std::vector<float> got, want;
      follow(table(&points[(size_t)i * n * 3], n), n, list, m, got, want);
      check::equal("distance", got, want);
    }
}

int main() {
  run<32>(1, 1, 1);
  run<64>(2, 61, 17);
  run<128>(1, 128, 32);
  run<64>(1, 257, 11);
  return check::verdict();
}
