// One step of Adam. Each moment is a sum of two products, the step a quotient with a root: a dozen roundings at most.
#include "check.h"
#include <cooperative_groups.h>
namespace gsplat {
#include "kernel.cuh"
}

static void run(unsigned n, unsigned dim) {
  check::Random random(n * dim);
  size_t size = (size_t)n * dim;
  auto param = random.reals(size, -1, 1), grad = random.reals(size, -1, 1), first = random.reals(size, -1, 1), second = random.reals(size, 0.1, 1);
  std::vector<uint8_t> valid(n);
  for (uint8_t &v : valid) v = random.below(4) > 0;
  const float rate = 0.01f, b1 = 0.9f, b2 = 0.999f, epsilon = 1e-8f;
  std::vector<check::Expected> want_param, want_first, want_second;
  for (size_t i = 0; i < size; i++) {
    check::Expected p(param[i]), f, s;
    if (!valid[i / dim]) {
      f.add(first[i]), s.add(second[i]);
    } else {
      f.add((double)b1 * first[i]), f.add((1 - (double)b1) * grad[i]);
      s.add((double)b2 * second[i]), s.add((1 - (double)b2) * grad[i] * grad[i]);
      p.add(-rate * f.value / (sqrt(s.value) + epsilon));
      p.magnitude += rate * f.magnitude / sqrt(s.value) * 16;
    }
    want_param.push_back(p), want_first.push_back(f), want_second.push_back(s);
  }
  check::Device<float> d_param(param), d_grad(grad), d_first(first), d_second(second);
  check::Device<uint8_t> d_valid(valid);
  gsplat::adam_kernel<float><<<(size + 255) / 256, 256>>>(n, dim, d_param, d_grad, d_first, d_second, (bool *)d_valid.get(), rate, b1, b2, epsilon);
  check::finished();
  check::near("parameter", d_param.host(), want_param, 2);
  check::near("first moment", d_first.host(), want_first, 3);
  check::near("second moment", d_second.host(), want_second, 4);
}

int main() {
  run(1, 1);
  run(37, 7);
  run(64, 4);
  return check::verdict();
}
