// Focal loss on probabilities, and its gradient in two kernels. Probabilities stay within 0.05 to 0.95; for the error of the
// logarithm and of the powers see mmcv_sigmoid_focal_loss.cu.
#include "check.h"
#include "kernel.cuh"

static void run(int samples, int classes, bool weighted) {
  check::Random random(samples + classes * 5);
  const double alpha = 0.25, gamma = 2;
  auto probability = random.reals((size_t)samples * classes, 0.05, 0.95), weight = random.reals(classes, 0.5, 2);
  auto target = random.integers<int64_t>(samples, classes);
  std::vector<check::Expected> want, want_grad;
  for (int i = 0; i < samples; i++) {
    double p = probability[(size_t)i * classes + target[i]], q = 1 - p, w = weighted ? weight[target[i]] : 1;
    want.emplace_back(-w * alpha * q * q * log(p));
    double slope = w * alpha * (-q * q + gamma * q * p * log(p));
    for (int c = 0; c < classes; c++) {
      double toward = c == target[i], own = probability[(size_t)i * classes + c];
      check::Expected value;
      value.add(slope * toward), value.add(-slope * own);
      want_grad.push_back(value);
    }
  }
  check::Device<float> d_probability(probability), d_weight(weight), out(samples), buffer(samples), grad(probability.size());
  check::Device<int64_t> d_target(target);
  int n = probability.size();
  const float *weights = weighted ? d_weight.get() : nullptr;
  softmax_focal_loss_forward_cuda_kernel<float>
      <<<(samples + 63) / 64, 64>>>(samples, d_probability, d_target, weights, out, gamma, alpha, classes);
  softmax_focal_loss_backward_cuda1_kernel<float>
      <<<(samples + 63) / 64, 64>>>(samples, d_probability, d_target, weights, buffer, gamma, alpha, classes);
  softmax_focal_loss_backward_cuda2_kernel<float><<<(n + 63) / 64, 64>>>(n, d_probability, d_target, buffer, grad, classes);
  check::finished();
  check::near("loss", out.host(), want, 300);
  check::near("gradient", grad.host(), want_grad, 300);
}

int main() {
  run(1, 1, false);
  run(37, 11, true);
  run(64, 2, false);
  run(65, 3, true);
  return check::verdict();
}
