// Focal loss on sigmoids, and its gradient. Logits stay within 3 of 0, so that p and 1 - p are above 0.047: a relative error
// of r in p is at most 21 r in 1 - p and in log(p) (as 1 / |log 0.953| is 21), twice that in their squares; expf, powf and
// logf err by 2, 4 and 1 units in the last place (CUDA programming guide). 300 roundings bound that generously.
#include "check.h"
#include "kernel.cuh"

static void run(int samples, int classes, bool weighted) {
  check::Random random(samples * 3 + classes);
  const double alpha = 0.25, gamma = 2;
  auto input = random.reals((size_t)samples * classes, -3, 3), weight = random.reals(classes + 1, 0.5, 2);
  auto target = random.integers<int64_t>(samples, classes + 1);  // the last class is the background
  std::vector<check::Expected> want, want_grad;
  for (size_t i = 0; i < input.size(); i++) {
    int64_t t = target[i / classes];
    double p = 1 / (1 + exp(-(double)input[i])), q = 1 - p, w = weighted ? weight[t] : 1, loss, grad;
    if (t == (int64_t)(i % classes))
      loss = -alpha * q * q * log(p), grad = -alpha * q * q * (q - gamma * p * log(p));
    else
      loss = -(1 - alpha) * p * p * log(q), grad = -(1 - alpha) * p * p * (gamma * q * log(q) - p);
    want.emplace_back(w * loss), want_grad.emplace_back(w * grad);
  }
  check::Device<float> d_input(input), d_weight(weight), out(input.size()), grad(input.size());
  check::Device<int64_t> d_target(target);
  int n = input.size(), blocks = (n + 127) / 128;
  const float *weights = weighted ? d_weight.get() : nullptr;
  sigmoid_focal_loss_forward_cuda_kernel<float><<<blocks, 128>>>(n, d_input, d_target, weights, out, gamma, alpha, classes);
  sigmoid_focal_loss_backward_cuda_kernel<float><<<blocks, 128>>>(n, d_input, d_target, weights, grad, gamma, alpha, classes);
  check::finished();
  check::near("loss", out.host(), want, 300);
  check::near("gradient", grad.host(), want_grad, 300);
}

int main() {
  run(1, 1, false);
  run(37, 11, true);
  run(32, 4, false);
  run(129, 1, true);
  return check::verdict();
}
