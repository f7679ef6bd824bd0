// Intersection over union, or over the first box, of all pairs or of aligned ones. Corners are integers, so that only the
// division rounds.
#include "check.h"
#include <cuda_fp16.h>
#include "kernel.cuh"

static std::vector<float> boxes(check::Random &random, int n) {
  std::vector<float> list;
  for (int i = 0; i < n; i++) {
    float x = (float)random.below(50), y = (float)random.below(50);
    list.insert(list.end(), {x, y, x + 1 + random.below(40), y + 1 + random.below(40)});
  }
  return list;
}

static check::Expected overlap(const float *a, const float *b, int mode, int offset) {
  auto area = [&](double left, double top, double right, double bottom) {
    return fmax(right - left + offset, 0) * fmax(bottom - top + offset, 0);
  };
  double both = area(fmax(a[0], b[0]), fmax(a[1], b[1]), fmin(a[2], b[2]), fmin(a[3], b[3]));
  double first = area(a[0], a[1], a[2], a[3]), second = area(b[0], b[1], b[2], b[3]);
  return check::Expected(both / fmax(mode == 0 ? first + second - both : first, offset));
}

static void run(int n, int m, int mode, bool aligned, int offset) {
  check::Random random(n * 2 + m);
  auto first = boxes(random, n), second = boxes(random, m);
  std::vector<check::Expected> want;
  for (int i = 0; i < n; i++)
    for (int j = aligned ? i : 0; j < (aligned ? i + 1 : m); j++) want.push_back(overlap(&first[i * 4], &second[j * 4], mode, offset));
  check::Device<float> d_first(first), d_second(second), out(want.size());
  bbox_overlaps_cuda_kernel<float><<<(want.size() + 127) / 128, 128>>>(d_first, d_second, out, n, m, mode, aligned, offset);
  check::finished();
  check::near("overlap", out.host(), want, 2);
}

int main() {
  run(1, 1, 0, false, 1);
  run(37, 41, 0, false, 0);
  run(32, 16, 1, false, 1);
  run(131, 131, 0, true, 1);
  run(64, 64, 1, true, 0);
  return check::verdict();
}
