// Rows are centred and scaled by tiles of a warp and shared memory. A sum has dim terms; the mean is subtracted from numbers of
// its own size, and rsqrtf errs by 2 units in the last place.
#include "check.h"
#include "deepspeed.h"
#include "kernel.cuh"

static void run(int rows, int dim, int threads, bool training) {
  check::Random random(rows + dim);
  auto x = random.reals((size_t)rows * dim, -3, 3), gamma = random.reals(dim, 0.5, 2), beta = random.reals(dim, -1, 1);
  const float epsilon = 1e-5f;
  std::vector<check::Expected> want, want_mean(rows), want_variance(rows);
  for (int i = 0; i < rows; i++) {
    const float *row = &x[(size_t)i * dim];
    double mean = 0, variance = epsilon, largest = 0;
    for (int j = 0; j < dim; j++) mean += (double)row[j] / dim, want_mean[i].add((double)row[j] / dim), largest = fmax(largest, fabs(row[j]));
    for (int j = 0; j < dim; j++) variance += pow(row[j] - mean, 2) / dim, want_variance[i].add(pow(largest, 2) / dim);
    want_variance[i].value = variance;
    for (int j = 0; j < dim; j++) {
      check::Expected value((row[j] - mean) / sqrt(variance) * gamma[j]);
      value.add(beta[j]);
      value.magnitude = largest / sqrt(variance) * gamma[j] * largest / sqrt(variance) + fabs(beta[j]);
      want.push_back(value);
    }
  }
  check::Device<float> d_x(x), d_gamma(gamma), d_beta(beta), out(x.size()), mean(rows), variance(rows);
  fused_bias_residual_layer_norm<<<rows, threads>>>(out, d_x, d_gamma, d_beta, epsilon, true, training, variance, mean, dim);
  check::finished();
  check::near("norm", out.host(), want, 2 * dim + 16);
  if (!training) return;
  check::near("mean", mean.host(), want_mean, 1);
  check::near("variance", variance.host(), want_variance, dim + 8);
}

int main() {
  run(1, 32, 32, true);
  run(3, 61, 32, false);
  run(2, 257, 64, true);
  run(2, 1024, 256, true);
  return check::verdict();
}
