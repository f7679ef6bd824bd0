// Softmax over masked attention scores by tiles of 2 to 32 threads. __expf of x errs by 2 + |1.16 x| units in the last place
// (CUDA programming guide); scores stay within 8 of their maximum. 1e-6 is added to each sum.
#include "check.h"
#include "deepspeed.h"
#include "kernel.cuh"

static void run(int batch, int heads, int length) {
  check::Random random(batch * heads + length);
  auto scores = random.reals((size_t)batch * heads * length * length, -3, 3), mask = random.reals((size_t)batch * length, -1, 1);
  std::vector<check::Expected> want;
  for (size_t row = 0; row < scores.size() / length; row++) {
    auto masked = [&](int i) { return (double)scores[row * length + i] + mask[row / length / heads * length + i]; };
    double largest = -INFINITY, sum = 1e-6;
    for (int i = 0; i < length; i++) largest = fmax(largest, masked(i));
    for (int i = 0; i < length; i++) sum += exp(masked(i) - largest);
    for (int i = 0; i < length; i++) want.emplace_back(exp(masked(i) - largest) / sum);
  }
  check::Device<float> d_scores(scores), d_mask(mask);
  launch_attn_softmax<float>(d_scores, d_mask, batch, heads, length, 0);
  check::finished();
  // Twice the error of an exponential, of the rounded difference that it is taken of, and of the sum.
  check::near("softmax", d_scores.host(), want, 2 * (2 * (2 + 1.16 * 8) + 8) + length);
}

int main() {
  run(1, 64, 8);
  run(2, 8, 16);
  run(1, 2, 64);
  run(3, 1, 128);
  run(1, 1, 256);
  return check::verdict();
}
