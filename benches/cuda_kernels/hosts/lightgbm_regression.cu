// Gradients of six regression losses with and without weights. They are computed in double and rounded to float, so one or
// two roundings count; exp errs by one unit in the last place of a double.
#include "check.h"
#include "lightgbm.h"
namespace LightGBM {
#include "kernel.cuh"
}

using namespace LightGBM;

static void compare(const char *name, check::Device<float> &grad, check::Device<float> &hess, const std::vector<check::Expected> &want_grad,
                    const std::vector<check::Expected> &want_hess) {
  check::finished();
  check::near(name, grad.host(), want_grad, 3);
  check::near(name, hess.host(), want_hess, 3);
}

static void run(int n, bool weighted) {
  check::Random random(n);
  auto scores = random.reals<double>(n, -3, 3);
  auto labels = random.reals(n, -3, 3), weights = random.reals(n, 0.5, 2);
  const double huber = 0.8, fair = 1.3, step = 0.7;
  std::vector<check::Expected> want[10], square, exponential;
  for (int i = 0; i < n; i++) {
    double d = scores[i] - labels[i], sign = (d > 0) - (d < 0), w = weighted ? weights[i] : 1, e = exp(scores[i]);
    double values[] = {d, 1, sign, 1, fabs(d) <= huber ? d : sign * huber, 1, fair * d / (fabs(d) + fair),
                       fair * fair / ((fabs(d) + fair) * (fabs(d) + fair)), e - labels[i], e * exp(step)};
    for (int k = 0; k < 10; k++) want[k].emplace_back(values[k] * w);
    square.emplace_back(scores[i] * fabs(scores[i])), exponential.emplace_back(e);
    // The difference of an exponential and a label, and of a score and one, may cancel in double: far below what float sees.
  }
  int blocks = (n + 255) / 256;
  check::Device<double> s(scores), out(n), out_2(n);
  check::Device<float> l(labels), w(weights), grad(n), hess(n);
  auto l2 = weighted ? GetGradientsKernel_RegressionL2<true> : GetGradientsKernel_RegressionL2<false>;
  auto l1 = weighted ? GetGradientsKernel_RegressionL1<true> : GetGradientsKernel_RegressionL1<false>;
  auto h = weighted ? GetGradientsKernel_Huber<true> : GetGradientsKernel_Huber<false>;
  auto f = weighted ? GetGradientsKernel_Fair<true> : GetGradientsKernel_Fair<false>;
  auto p = weighted ? GetGradientsKernel_Poisson<true> : GetGradientsKernel_Poisson<false>;
  l2<<<blocks, 256>>>(s, l, w, n, grad, hess), compare("L2", grad, hess, want[0], want[1]);
  l1<<<blocks, 256>>>(s, l, w, n, grad, hess), compare("L1", grad, hess, want[2], want[3]);
  h<<<blocks, 256>>>(s, l, w, n, huber, grad, hess), compare("Huber", grad, hess, want[4], want[5]);
  f<<<blocks, 256>>>(s, l, w, n, fair, grad, hess), compare("Fair", grad, hess, want[6], want[7]);
  p<<<blocks, 256>>>(s, l, w, n, step, grad, hess), compare("Poisson", grad, hess, want[8], want[9]);
  ConvertOutputCUDAKernel_Regression<<<blocks, 256>>>(true, n, s, out);
  ConvertOutputCUDAKernel_Regression_Poisson<<<blocks, 256>>>(n, s, out_2);
  check::finished();
  check::near("square", out.host(), square, 2);
  check::near("exponential", out_2.host(), exponential, 4);
}

int main() {
  run(1, false);
  run(251, true);
  run(256, false);
  run(1031, true);
  return check::verdict();
}
