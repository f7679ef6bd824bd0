// Batch normalisation over several devices' worth of kernels: means, variances, the output, and gradients, each reduced in
// shared memory per channel. Each kernel gets the reference's results of the one before, rounded to float.
#include "check.h"
#include <cuda_fp16.h>
using phalf = __half;
#include "kernel.cuh"

using check::Device;
using check::Expected;

static void run(int num, int channels, int spatial) {
  check::Random random(num + channels * spatial);
  size_t size = (size_t)num * channels * spatial;
  int total = num * spatial;
  const float epsilon = 1e-5f, momentum = 0.1f;
  auto input = random.reals(size, -1, 3), grad = random.reals(size, -1, 1), weight = random.reals(channels, 0.5, 2), bias = random.reals(channels, -1, 1);
  auto mean = random.reals(channels, 0.5, 1.5), var = random.reals(channels, 0.5, 2), old_mean = random.reals(channels, -1, 1), old_var = random.reals(channels, 0.5, 1);
  auto norm = random.reals(size, -2, 2), std = random.reals(channels, 0.5, 2), grad_weight = random.reals(channels, -9, 9), grad_bias = random.reals(channels, -9, 9);
  std::vector<Expected> want_mean(channels), want_var(channels), want_norm, want_out, want_std, want_running, want_running_var;
  std::vector<Expected> want_grad_weight(channels), want_grad_bias(channels), want_grad;
  for (size_t i = 0; i < size; i++) {
    int c = i / spatial % channels;
    double x = input[i], root = sqrt((double)var[c] + epsilon);
    want_mean[c].add(x / total), want_var[c].add((x - mean[c]) * (x - mean[c]) / total);
    want_grad_weight[c].add((double)grad[i] * norm[i]), want_grad_bias[c].add(grad[i]);
    Expected n(x / root), o(x / root * weight[c]), g((double)weight[c] * grad[i] / std[c]);
    n.add(-mean[c] / root), o.add(-mean[c] / root * weight[c]), o.add(bias[c]);
    g.add(-(double)weight[c] * grad_weight[c] * norm[i] / total / std[c]), g.add(-(double)weight[c] * grad_bias[c] / total / std[c]);
    want_norm.push_back(n), want_out.push_back(o), want_grad.push_back(g);
  }
  for (int c = 0; c < channels; c++) {
    double unbiased = total > 1 ? (double)var[c] * total / (total - 1) : var[c];
    Expected m((double)momentum * mean[c]), v(momentum * unbiased);
    m.add((1 - (double)momentum) * old_mean[c]), v.add((1 - (double)momentum) * old_var[c]);
    want_running.push_back(m), want_running_var.push_back(v), want_std.emplace_back(sqrt((double)var[c] + epsilon));
  }
  Device<float> d_input(input), d_grad(grad), d_weight(weight), d_bias(bias), d_mean(mean), d_var(var), running(old_mean), running_var(old_var);
  Device<float> d_norm(norm), d_std(std), d_grad_weight(grad_weight), d_grad_bias(grad_bias);
  Device<float> out_mean(channels), out_var(channels), out_norm(size), out_std(channels), out(size), out_weight(channels), out_bias(channels), out_grad(size);
  const int threads = THREADS_PER_BLOCK;
  sync_bn_forward_mean_cuda_kernel<float><<<channels, threads>>>(d_input, out_mean, num, channels, spatial);
  sync_bn_forward_var_cuda_kernel<float><<<channels, threads>>>(d_input, d_mean, out_var, num, channels, spatial);
  sync_bn_forward_output_cuda_kernel<float><<<channels, threads>>>(d_input, d_mean, d_var, running, running_var, d_weight, d_bias, out_norm,
                                                                  out_std, out, num, channels, spatial, epsilon, momentum, 1);
  sync_bn_backward_param_cuda_kernel<float><<<channels, threads>>>(d_grad, d_norm, out_weight, out_bias, num, channels, spatial);
  sync_bn_backward_data_cuda_kernel<float>
      <<<(size + threads - 1) / threads, threads>>>(size, d_grad, d_weight, d_grad_weight, d_grad_bias, d_norm, d_std, out_grad, num, channels, spatial);
  check::finished();
  check::near("mean", out_mean.host(), want_mean, 1);
  check::near("variance", out_var.host(), want_var, 4);
  check::near("normalised", out_norm.host(), want_norm, 4);
  check::near("output", out.host(), want_out, 6);
  check::near("deviation", out_std.host(), want_std, 3);
  check::near("running mean", running.host(), want_running, 3);
  check::near("running variance", running_var.host(), want_running_var, 5);
  check::near("gradient of the weight", out_weight.host(), want_grad_weight, 1);
  check::near("gradient of the bias", out_bias.host(), want_grad_bias, 1);
  check::near("gradient", out_grad.host(), want_grad, 6);
}

int main() {
  run(1, 1, 1);
  run(3, 2, 61);
  run(2, 3, 512);
  return check::verdict();
}
