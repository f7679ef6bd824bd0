// Up to `nsample` points in a shell around each centre, in order; the first one found fills the rest.
// Coordinates are multiples of 1/4 below 4, so that every distance is exact, and so is the comparison.
#include "check.h"
#include "kernel.cuh"

static void run(int b, int n, int m, int nsample, float min_radius, float max_radius) {
  check::Random random(n + 7 * m);
  std::vector<float> centres = random.integers<float>((size_t)b * m * 3, 16), points = random.integers<float>((size_t)b * n * 3, 16);
  for (float &x : centres) x /= 4;
  for (float &x : points) x /= 4;
  std::vector<int> want((size_t)b * m * nsample, -7);
  for (int i = 0; i < b * m; i++) {
    int found = 0, *row = &want[(size_t)i * nsample];
    for (int k = 0; k < n && found < nsample; k++) {
      double square = 0;
      for (int d = 0; d < 3; d++) square += pow((double)centres[i * 3 + d] - points[(i / m * n + k) * 3 + d], 2);
      if (square != 0 && (square < (double)min_radius * min_radius || square >= (double)max_radius * max_radius)) continue;
      for (int l = found; l < (found == 0 ? nsample : found + 1); l++) row[l] = k;
      found++;
    }
  }
  check::Device<float> d_centres(centres), d_points(points);
  check::Device<int> found(std::vector<int>(want.size(), -7));
  ball_query_forward_cuda_kernel<float><<<dim3((m + 255) / 256, b), 256>>>(b, n, m, min_radius, max_radius, nsample, d_centres, d_points, found);
  check::finished();
  check::equal("index", found.host(), want);
}

int main() {
  run(1, 1, 1, 1, 0, 1);
  run(2, 127, 61, 5, 0, 1.5f);
  run(1, 300, 256, 16, 0.5f, 2);
  run(3, 64, 257, 8, 0, 0.25f);
  return check::verdict();
}
