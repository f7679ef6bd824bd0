// Gradients of the logistic loss, the score to start from, and conversions. Scores stay within 4 of 0; exp and log err by one
// unit in the last place in double. Gradients are rounded to float at the end, which is the one error that counts.
#include "check.h"
#include "lightgbm.h"
namespace LightGBM {
#include "kernel.cuh"
}

using namespace LightGBM;

static void run(int n, bool weighted) {
  check::Random random(n);
  const double sigmoid = 0.7;
  auto scores = random.reals<double>(n, -4, 4);
  auto labels = random.integers<float>(n, 2), weights = random.reals(n, 0.5, 2), classes = random.integers<float>(n, 5);
  std::vector<check::Expected> want_grad, want_hess, want_probability;
  std::vector<float> want_labels;
  check::Expected sum, total;
  for (int i = 0; i < n; i++) {
    double sign = labels[i] > 0 ? 1 : -1, weight = weighted ? weights[i] : 1;
    double response = -sign * sigmoid / (1 + exp(sign * sigmoid * scores[i]));
    want_grad.emplace_back(response * weight), want_hess.emplace_back(fabs(response) * (sigmoid - fabs(response)) * weight);
    want_probability.emplace_back(1 / (1 + exp(-sigmoid * scores[i])));
    want_labels.push_back(classes[i] == 2);
    sum.add(labels[i] * weight), total.add(weight);
  }
  int blocks = (n + 1023) / 1024;
  check::Device<double> d_scores(scores), probability(n), d_sum(1, 0.0), d_total(1, 0.0);
  check::Device<float> d_labels(labels), d_weights(weights), d_classes(classes), grad(n), hess(n);
  auto gradients = weighted ? GetGradientsKernel_BinaryLogloss<false, true> : GetGradientsKernel_BinaryLogloss<false, false>;
  auto sums = weighted ? BoostFromScoreKernel_1_BinaryLogloss<true> : BoostFromScoreKernel_1_BinaryLogloss<false>;
  auto start = weighted ? BoostFromScoreKernel_2_BinaryLogloss<true> : BoostFromScoreKernel_2_BinaryLogloss<false>;
  gradients<<<blocks, 1024>>>(d_scores, d_labels, nullptr, d_weights, sigmoid, n, grad, hess);
  sums<<<blocks, 1024>>>(d_labels, n, d_sum, d_total, d_weights);
  check::finished();
  check::near("sum of labels", d_sum.host(), {sum}, 0);
  start<<<1, 1>>>(d_sum, d_total, n, sigmoid);
  ConvertOutputCUDAKernel_BinaryLogloss<<<blocks, 1024>>>(sigmoid, n, d_scores, probability);
  ResetOVACUDALabelKernel<<<blocks, 1024>>>(2, n, d_classes);
  check::finished();
  check::near("gradient", grad.host(), want_grad, 2);
  check::near("hessian", hess.host(), want_hess, 2);
  check::near("probability", probability.host(), want_probability, 12);
  check::equal("labels", d_classes.host(), want_labels);
  double average = fmin(fmax(sum.value / (weighted ? total.value : n), kEpsilon), 1 - kEpsilon);
  check::near("average", d_total.host(), {check::Expected(average)}, 2 * n + 2);
  // The logarithm of p / (1 - p) moves by the relative error of p over 1 - p, in units of one.
  check::Expected score(log(average / (1 - average)) / sigmoid);
  score.magnitude += 1 / (sigmoid * (1 - average));
  check::near("score", d_sum.host(), {score}, 4 * n + 8);
}

int main() {
  run(2, false);
  run(1021, true);
  run(1024, false);
  run(2503, true);
  return check::verdict();
}
