// Gated activations. expf errs by 2 units in the last place, erff by 2 and tanhf by 2 (CUDA programming guide); where 1 + erf
// or 1 + tanh cancels, for negative inputs, the error stays one of the whole: of half the input.
#include "check.h"
#define VLLM_LDG(arg) __ldg(arg)
#include "kernel.cuh"

static double silu(double x) { return x / (1 + exp(-x)); }
static double gelu(double x) { return x / 2 * (1 + erf(x * M_SQRT1_2)); }
static double gelu_tanh(double x) { return x / 2 * (1 + tanh(M_SQRT2 * M_2_SQRTPI / 2 * (x + 0.044715 * x * x * x))); }

using Kernel = void (*)(float *, const float *, int);

static void run(const char *name, Kernel kernel, double (*activation)(double), bool first, int tokens, int d) {
  auto input = check::Random(tokens + d).reals((size_t)tokens * 2 * d, -4, 4);
  std::vector<check::Expected> want;
  for (int t = 0; t < tokens; t++)
    for (int i = 0; i < d; i++) {
      double x = input[(size_t)t * 2 * d + i], y = input[((size_t)t * 2 + 1) * d + i];
      check::Expected value(first ? activation(x) * y : x * activation(y));
      value.magnitude = fabs(x * y);
      want.push_back(value);
    }
  check::Device<float> d_input(input), out((size_t)tokens * d);
  kernel<<<tokens, d < 1024 ? d : 1024>>>(out, d_input, d);
  check::finished();
  check::near(name, out.host(), want, 24);
}

int main() {
  for (auto [tokens, d] : {std::pair{1, 1}, {3, 127}, {2, 256}, {5, 1031}}) {
    run("silu", vllm::act_and_mul_kernel<float, vllm::silu_kernel<float>, true>, silu, true, tokens, d);
    run("mul and silu", vllm::act_and_mul_kernel<float, vllm::silu_kernel<float>, false>, silu, false, tokens, d);
    run("gelu", vllm::act_and_mul_kernel<float, vllm::gelu_kernel<float>, true>, gelu, true, tokens, d);
    run("gelu tanh", vllm::act_and_mul_kernel<float, vllm::gelu_tanh_kernel<float>, true>, gelu_tanh, true, tokens, d);
  }
  return check::verdict();
}
