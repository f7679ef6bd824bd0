// The maximum in each bin of a region of interest, where it was, and gradients back to there. The numbers of bins are
// powers of two and regions lie on halves, so that the bins' borders are exact.
#include "check.h"
#include "kernel.cuh"

#include <algorithm>

static void run(int batch, int channels, int height, int width, int rois, int bins) {
  check::Random random(channels * height + width + rois);
  auto input = random.reals((size_t)batch * channels * height * width, -1, 1);
  std::vector<float> boxes;
  for (int r = 0; r < rois; r++) {
    float x = (float)random.below(width), y = (float)random.below(height);
    boxes.insert(boxes.end(), {(float)random.below(batch), x * 2, y * 2, (x + random.below(width)) * 2, (y + random.below(height)) * 2});
  }
  size_t outputs = (size_t)rois * channels * bins * bins;
  auto grad = random.reals(outputs, -1, 1);
  std::vector<float> want(outputs);
  std::vector<int> want_at(outputs, -1);
  std::vector<check::Expected> want_grad(input.size());
  for (size_t i = 0; i < outputs; i++) {
    int pw = i % bins, ph = i / bins % bins, c = i / bins / bins % channels;
    const float *box = &boxes[i / bins / bins / channels * 5];
    double x = box[1] * 0.5, y = box[2] * 0.5, w = (box[3] + 1) * 0.5 - x, h = (box[4] + 1) * 0.5 - y;
    size_t plane = ((size_t)box[0] * channels + c) * height * width;
    double best = -INFINITY;
    for (int row = std::max(0, (int)floor(y + h / bins * ph)); row < std::min(height, (int)ceil(y + h / bins * (ph + 1))); row++)
      for (int col = std::max(0, (int)floor(x + w / bins * pw)); col < std::min(width, (int)ceil(x + w / bins * (pw + 1))); col++)
        if (input[plane + row * width + col] > best) best = input[plane + row * width + col], want_at[i] = row * width + col;
    want[i] = want_at[i] < 0 ? 0 : (float)best;
    if (want_at[i] >= 0) want_grad[plane + want_at[i]].add(grad[i]);
  }
  check::Device<float> d_input(input), d_boxes(boxes), d_grad(grad), out(outputs), sum(input.size(), 0.0f);
  check::Device<int> at(outputs);
  int blocks = (outputs + 255) / 256;
  roi_pool_forward_cuda_kernel<float><<<blocks, 256>>>(outputs, d_input, d_boxes, out, at.get(), bins, bins, 0.5f, channels, height, width);
  roi_pool_backward_cuda_kernel<float><<<blocks, 256>>>(outputs, d_grad, d_boxes, at, sum, bins, bins, channels, height, width);
  check::finished();
  check::equal("maximum", out.host(), want);
  check::equal("place", at.host(), want_at);
  check::near("gradient", sum.host(), want_grad, 0);
}

int main() {
  run(1, 1, 1, 1, 1, 1);
  run(2, 3, 13, 17, 5, 2);
  run(1, 4, 16, 16, 4, 4);
  run(2, 2, 7, 29, 11, 8);
  return check::verdict();
}
