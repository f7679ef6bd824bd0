// Upsampling by masks that are given for every output, and gradients for features and masks by atomic addition.
#include "check.h"
#include "kernel.cuh"

static void run(int batch, int channels, int groups, int height, int width, int scale, int kernel) {
  check::Random random(batch + channels + height * width);
  int up_h = height * scale, up_w = width * scale, half = (kernel - 1) / 2, mask_channels = kernel * kernel * groups;
  auto features = random.reals((size_t)batch * channels * height * width, -1, 1);
  auto masks = random.reals((size_t)batch * mask_channels * up_h * up_w, -1, 1);
  auto grad = random.reals((size_t)batch * channels * up_h * up_w, -1, 1);
  std::vector<check::Expected> want(grad.size()), want_features(features.size()), want_masks(masks.size());
  for (size_t at = 0; at < grad.size(); at++) {
    int x = at % up_w, y = at / up_w % up_h, c = at / up_w / up_h % channels, b = at / up_w / up_h / channels;
    for (int i = 0; i < kernel; i++)
      for (int j = 0; j < kernel; j++) {
        int v = y / scale + i - half, u = x / scale + j - half;
        if (v < 0 || v >= height || u < 0 || u >= width) continue;
        size_t from = (((size_t)b * channels + c) * height + v) * width + u;
        size_t by = (((size_t)b * mask_channels + (c / (channels / groups) * kernel + i) * kernel + j) * up_h + y) * up_w + x;
        want[at].add((double)features[from] * masks[by]);
        want_features[from].add((double)masks[by] * grad[at]), want_masks[by].add((double)features[from] * grad[at]);
      }
  }
  check::Device<float> d_features(features), d_masks(masks), d_grad(grad), out(grad.size());
  check::Device<float> sum_features(features.size(), 0.0f), sum_masks(masks.size(), 0.0f);
  int n = grad.size(), blocks = (n + 255) / 256;
  carafe_naive_forward_cuda_kernel<float>
      <<<blocks, 256>>>(n, d_features, d_masks, out, kernel, groups, scale, channels, up_h, up_w);
  carafe_naive_backward_cuda_kernel<float><<<blocks, 256>>>(n, d_grad, d_features, d_masks, sum_features, sum_masks, kernel, groups,
                                                            scale, channels, up_h, up_w);
  check::finished();
  check::near("output", out.host(), want, 1);
  check::near("gradient of features", sum_features.host(), want_features, 1);
  check::near("gradient of masks", sum_masks.host(), want_masks, 1);
}

int main() {
  run(1, 1, 1, 1, 1, 1, 1);
  run(2, 4, 2, 5, 7, 2, 3);
  run(1, 2, 1, 8, 4, 2, 5);
  return check::verdict();
}
