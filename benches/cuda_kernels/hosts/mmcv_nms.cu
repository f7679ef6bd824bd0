// Which boxes overlap which later ones by more than a third of their union, and which are then kept. Corners are integers, so
// that areas are exact, and no union's third is another's overlap: 0.3 is not a fraction of small integers in binary.
#include "check.h"
#include "kernel.cuh"

static bool overlaps(const float *a, const float *b, float threshold) {
  double width = fmax(fmin(a[2], b[2]) - fmax(a[0], b[0]), 0), height = fmax(fmin(a[3], b[3]) - fmax(a[1], b[1]), 0);
  double both = width * height, all = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both;
  return both > threshold * all;
}

static void run(int n) {
  check::Random random(n);
  const float threshold = 0.3f;
  std::vector<float> boxes;
  for (int i = 0; i < n; i++) {
    float x = (float)random.below(60), y = (float)random.below(60);
    boxes.insert(boxes.end(), {x, y, x + 5 + random.below(40), y + 5 + random.below(40)});
  }
  int words = (n + 63) / 64;
  std::vector<unsigned long long> want((size_t)n * words, 0);
  std::vector<uint8_t> keep(n, 1);
  for (int i = 0; i < n; i++)
    for (int j = i + 1; j < n; j++)
      if (overlaps(&boxes[i * 4], &boxes[j * 4], threshold)) want[(size_t)i * words + j / 64] |= 1ull << (j % 64);
  for (int i = 0; i < n; i++)
    for (int j = i + 1; keep[i] && j < n; j++)
      if (want[(size_t)i * words + j / 64] >> (j % 64) & 1) keep[j] = 0;
  check::Device<float> d_boxes(boxes);
  check::Device<unsigned long long> mask((size_t)n * words, 0);  // what lies below the diagonal is left alone
  check::Device<uint8_t> kept(n, 0);
  nms_cuda<<<dim3(words, words), 64>>>(n, threshold, 0, d_boxes, mask);
  gather_keep_from_mask<<<1, words, words * sizeof(unsigned long long)>>>((bool *)kept.get(), mask, n);
  check::finished();
  check::equal("mask", mask.host(), want);
  check::equal("kept", kept.host(), keep);
}

int main() {
  for (int n : {1, 61, 64, 193}) run(n);
  return check::verdict();
}
