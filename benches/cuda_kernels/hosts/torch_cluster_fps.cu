// Each sampled point of an example is one that is furthest from those sampled before. Coordinates are integers below 64, so
// that distances are exact; of points equally far any will do.
#include "check.h"
#include "kernel.cuh"

static void run(std::vector<int64_t> bounds, std::vector<int64_t> out_bounds, int dim) {
  int64_t n = bounds.back(), examples = (int64_t)bounds.size() - 1;
  check::Random random(n);
  auto points = random.integers<float>(n * dim, 64);
  std::vector<int64_t> start;
  for (int64_t e = 0; e < examples; e++) start.push_back(random.below((int)(bounds[e + 1] - bounds[e])));
  check::Device<float> d_points(points), nearest(n, 1e30f);
  check::Device<int64_t> d_bounds(bounds), d_out_bounds(out_bounds), d_start(start), out(out_bounds.back());
  fps_kernel<float><<<examples, THREADS>>>(d_points, d_bounds, d_out_bounds, d_start, nearest, out, dim);
  check::finished();
  auto sampled = out.host();
  std::vector<float> got, want;
  for (int64_t e = 0; e < examples; e++) {
    std::vector<double> distance(n, 1e30);
    for (int64_t m = out_bounds[e]; m < out_bounds[e + 1]; m++) {
      double furthest = 0;
      for (int64_t i = bounds[e]; i < bounds[e + 1]; i++) furthest = fmax(furthest, distance[i]);
      bool valid = sampled[m] >= bounds[e] && sampled[m] < bounds[e + 1] && (m > out_bounds[e] || sampled[m] == bounds[e] + start[e]);
      got.push_back(valid ? (float)distance[sampled[m]] : -1), want.push_back((float)furthest);
      for (int64_t i = bounds[e]; valid && i < bounds[e + 1]; i++) {
        double square = 0;
        for (int d = 0; d < dim; d++) square += pow((double)points[i * dim + d] - points[sampled[m] * dim + d], 2);
        distance[i] = fmin(distance[i], square);
      }
    }
  }
  check::equal("distance", got, want);
}

int main() {
  run({0, 1}, {0, 1}, 1);
  run({0, 61, 318}, {0, 17, 40}, 3);
  run({0, 256}, {0, 32}, 2);
  return check::verdict();
}
