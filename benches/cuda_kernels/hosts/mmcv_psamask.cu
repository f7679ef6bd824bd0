// Masks around each place, rearranged over the whole feature map, and back: nothing is computed, so all is exact.
#include "check.h"
#include "kernel.cuh"

#include <functional>

// Calls `put` with the place (y, x) that a mask lies around, the mask's element (i, j) and the place (v, u) that it covers.
static void covered(int height, int width, int mask_h, int mask_w, const std::function<void(int, int, int, int, int, int)> &put) {
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      for (int i = 0; i < mask_h; i++)
        for (int j = 0; j < mask_w; j++) {
          int v = y + i - (mask_h - 1) / 2, u = x + j - (mask_w - 1) / 2;
          if (v >= 0 && v < height && u >= 0 && u < width) put(y, x, i, j, v, u);
        }
}

static void run(int n, int height, int width, int mask_h, int mask_w) {
  check::Random random(height * width + mask_h);
  int area = height * width, places = n * area, blocks = (places + 63) / 64, half_h = (mask_h - 1) / 2, half_w = (mask_w - 1) / 2;
  auto mask = random.reals((size_t)n * mask_h * mask_w * area, -1, 1), buffer = random.reals((size_t)places * area, -1, 1);
  for (bool collect : {true, false}) {
    std::vector<float> want(buffer.size(), 0), want_mask(mask.size(), 0);
    for (int b = 0; b < n; b++)
      covered(height, width, mask_h, mask_w, [&](int y, int x, int i, int j, int v, int u) {
        size_t from = (((size_t)b * mask_h * mask_w + i * mask_w + j) * height + y) * width + x, here = y * width + x, there = v * width + u;
        size_t to = collect ? (b * area + there) * area + here : (b * area + here) * area + there;
        want[to] = mask[from], want_mask[from] = buffer[to];
      });
    check::Device<float> d_mask(mask), d_buffer(buffer), out(buffer.size(), 0.0f), out_mask(mask.size(), 0.0f);
    auto forward = collect ? psamask_collect_forward_cuda<float> : psamask_distribute_forward_cuda<float>;
    auto backward = collect ? psamask_collect_backward_cuda<float> : psamask_distribute_backward_cuda<float>;
    forward<<<blocks, 64>>>(places, height, width, mask_h, mask_w, half_h, half_w, d_mask, out);
    backward<<<blocks, 64>>>(places, height, width, mask_h, mask_w, half_h, half_w, d_buffer, out_mask);
    check::finished();
    check::equal("buffer", out.host(), want);
    check::equal("mask", out_mask.host(), want_mask);
  }
}

int main() {
  run(1, 1, 1, 1, 1);
  run(2, 5, 7, 3, 5);
  run(1, 8, 8, 7, 7);
  run(1, 13, 5, 9, 3);
  return check::verdict();
}
