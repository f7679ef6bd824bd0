// New opacities and scales of Gaussians that are split. The sum over binomials alternates in sign, so its error is measured
// against the sum of magnitudes, and grows as that over the sum itself in the quotient. powf errs by 4 units in the last place.
#include "check.h"
namespace gsplat {
#include "kernel.cuh"
}

static void run(int n, int most) {
  check::Random random(n + most);
  auto opacity = random.reals(n, 0.1, 0.9), scale = random.reals((size_t)n * 3, 0.5, 2);
  std::vector<int> ratio(n);
  std::vector<float> binomial((size_t)most * most, 0);
  for (int i = 0; i < most; i++)
    for (int k = 0; k <= i; k++) binomial[i * most + k] = k == 0 || k == i ? 1 : binomial[(i - 1) * most + k - 1] + binomial[(i - 1) * most + k];
  std::vector<check::Expected> want, want_scale;
  for (int i = 0; i < n; i++) {
    ratio[i] = 1 + random.below(most);
    double fresh = 1 - pow(1 - (double)opacity[i], 1.0 / ratio[i]);
    check::Expected value(fresh), sum;
    value.magnitude = 1;  // a power near one is subtracted from one
    want.push_back(value);
    for (int j = 1; j <= ratio[i]; j++)
      for (int k = 0; k < j; k++) sum.add(binomial[(j - 1) * most + k] * (k % 2 ? -1 : 1) / sqrt(k + 1.0) * pow(fresh, k + 1));
    for (int d = 0; d < 3; d++) {
      check::Expected size(opacity[i] / sum.value * scale[i * 3 + d]);
      // Powers up to ratio[i] multiply the relative error of the new opacity, which is 1 / fresh roundings.
      size.magnitude *= sum.magnitude / fabs(sum.value) * ratio[i] / fresh, size.terms = sum.terms;
      want_scale.push_back(size);
    }
  }
  check::Device<float> d_opacity(opacity), d_scale(scale), d_binomial(binomial), out(n), out_scale((size_t)n * 3);
  check::Device<int> d_ratio(ratio);
  gsplat::relocation_kernel<float><<<(n + 255) / 256, 256>>>(n, d_opacity, d_scale, d_ratio, d_binomial, most, out, out_scale);
  check::finished();
  check::near("opacity", out.host(), want, 12);
  check::near("scale", out_scale.host(), want_scale, 24);
}

int main() {
  run(1, 1);
  run(251, 5);
  run(256, 8);
  run(517, 3);
  return check::verdict();
}
