// Softmax over classes, and the gradients of its loss. Computed in double, with exp erring by one unit in the last place
// there, and rounded to float at the end.
#include "check.h"
#include "lightgbm.h"
namespace LightGBM {
#include "kernel.cuh"
}

using namespace LightGBM;

static void run(int n, int classes, bool weighted) {
  check::Random random(n + classes);
  const double factor = 1.5;
  auto scores = random.reals<double>((size_t)n * classes, -3, 3);
  auto labels = random.integers<float>(n, classes), weights = random.reals(n, 0.5, 2);
  std::vector<check::Expected> want(scores.size()), want_grad(scores.size()), want_hess(scores.size());
  for (int i = 0; i < n; i++) {
    double sum = 0, w = weighted ? weights[i] : 1;
    for (int k = 0; k < classes; k++) sum += exp(scores[(size_t)k * n + i]);
    for (int k = 0; k < classes; k++) {
      size_t at = (size_t)k * n + i;
      double p = exp(scores[at]) / sum;
      want[at].add(p);
      want_grad[at].add(p * w), want_hess[at].add(factor * p * w);
      if ((int)labels[i] == k) want_grad[at].add(-w);
      want_hess[at].add(-factor * p * p * w);
    }
  }
  check::Device<double> s(scores), buffer(scores.size()), out(scores.size());
  check::Device<float> l(labels), w(weights), grad(scores.size()), hess(scores.size());
  int blocks = (n + 127) / 128;
  auto gradients = weighted ? GetGradientsKernel_MulticlassSoftmax<true> : GetGradientsKernel_MulticlassSoftmax<false>;
  gradients<<<blocks, 128>>>(s, l, w, factor, classes, n, buffer, grad, hess);
  ConvertOutputCUDAKernel_MulticlassSoftmax<<<blocks, 128>>>(classes, n, s, buffer, out);
  check::finished();
  // Each exponential errs by four units of roundoff, and the scores' differences from their maximum by one of theirs, 6.
  check::near("softmax", out.host(), want, 2 * classes + 30);
  check::near("gradient", grad.host(), want_grad, 2);
  check::near("hessian", hess.host(), want_hess, 2);
}

int main() {
  run(1, 1, false);
  run(61, 7, true);
  run(128, 3, false);
  run(257, 10, true);
  return check::verdict();
}
