// Channels are shifted in time by groups; what is shifted out is dropped, and what nothing is shifted to stays.
#include "check.h"
#include "kernel.cuh"

static void run(int batch, int channels, int times, int area, int groups) {
  check::Random random(batch + channels * times + area);
  auto input = random.reals((size_t)batch * times * channels * area, -1, 1);
  std::vector<int> shift(batch * groups);
  for (int &s : shift) s = random.below(2 * times + 1) - times;
  std::vector<float> want(input.size(), 7);
  for (int b = 0; b < batch; b++)
    for (int t = 0; t < times; t++)
      for (int c = 0; c < channels; c++)
        for (int i = 0; i < area; i++) {
          int to = t + shift[b * groups + c / (channels / groups)];
          if (to < 0 || to >= times) continue;
          want[(((size_t)b * times + to) * channels + c) * area + i] = input[(((size_t)b * times + t) * channels + c) * area + i];
        }
  check::Device<float> d_input(input), out(input.size(), 7.0f), back(input.size(), 7.0f);
  check::Device<int> d_shift(shift);
  int n = batch * channels * area, blocks = (n + 127) / 128, each = channels / groups;
  tin_shift_forward_cuda_kernel<float><<<blocks, 128>>>(n, d_input, d_shift, out, batch, channels, times, area, groups, each);
  tin_shift_backward_cuda_kernel<float><<<blocks, 128>>>(n, d_input, d_shift, back, batch, channels, times, area, groups, each);
  check::finished();
  check::equal("forward", out.host(), want);
  check::equal("backward", back.host(), want);
}

int main() {
  run(1, 1, 1, 1, 1);
  run(2, 6, 5, 13, 3);
  run(1, 8, 4, 16, 4);
  run(3, 4, 7, 29, 2);
  return check::verdict();
}
