// The transducer's loss and gradients: blocks hand over rows and columns to each other, and scan within a warp. The reference
// is the recursion in double. Every step of the recursion adds two numbers of the size of the result and takes expf and log1pf,
// which err by 2 and 1 units in the last place: T + U steps of at most 12 roundings each bound the error of alpha and beta
// relative to the largest of them; gradients are exponentials of such sums, so theirs is that times the sum's magnitude.
#include "check.h"
#include "kernel.cuh"

static double log_sum(double a, double b) { return fmax(a, b) + log1p(exp(-fabs(a - b))); }

static void run(int N, int T, int U, int V) {
  check::Random random(T * U + V);
  auto logits = random.reals((size_t)N * T * U * V, -2, 2);
  auto labels = random.integers((size_t)N * (U > 1 ? U - 1 : 1), V - 1);
  for (int &l : labels) l++;  // 0 is the blank
  for (size_t i = 0; i < logits.size(); i += V) {
    double sum = 0;
    for (int v = 0; v < V; v++) sum += exp((double)logits[i + v]);
    for (int v = 0; v < V; v++) logits[i + v] -= (float)log(sum);
  }
  std::vector<int> lengths(N, T), label_lengths(N, U - 1);
  std::vector<check::Expected> want_cost, want_grad(logits.size());
  for (int n = 0; n < N; n++) {
    auto p = [&](int t, int u, int v) { return (double)logits[(((size_t)n * T + t) * U + u) * V + v]; };
    auto label = [&](int u) { return labels[(size_t)n * (U - 1) + u]; };
    std::vector<double> alpha((size_t)T * U), beta((size_t)T * U);
    for (int t = 0; t < T; t++)
      for (int u = 0; u < U; u++) {
        double skip = t > 0 ? alpha[(t - 1) * U + u] + p(t - 1, u, 0) : -INFINITY, emit = u > 0 ? alpha[t * U + u - 1] + p(t, u - 1, label(u - 1)) : -INFINITY;
        alpha[t * U + u] = t == 0 && u == 0 ? 0 : t == 0 ? emit : u == 0 ? skip : log_sum(skip, emit);
      }
    for (int t = T - 1; t >= 0; t--)
      for (int u = U - 1; u >= 0; u--) {
        double skip = t < T - 1 ? beta[(t + 1) * U + u] + p(t, u, 0) : -INFINITY, emit = u < U - 1 ? beta[t * U + u + 1] + p(t, u, label(u)) : -INFINITY;
        bool end = t == T - 1, last = u == U - 1;
        beta[t * U + u] = end && last ? p(t, u, 0) : end ? emit : last ? skip : log_sum(skip, emit);
      }
    want_cost.emplace_back(-beta[0]);
    double size = 3 * fabs(beta[0]) + 1;
    auto gradient = [&](int t, int u, int v, double exponent) {
      auto &want = want_grad[(((size_t)n * T + t) * U + u) * V + v];
      want.value = -exp(exponent), want.magnitude = exp(exponent) * size, want.terms = 1;
    };
    for (int t = 0; t < T; t++)
      for (int u = 0; u < U; u++) {
        if (t < T - 1 || u == U - 1) gradient(t, u, 0, alpha[t * U + u] + (t < T - 1 ? beta[(t + 1) * U + u] : 0) + p(t, u, 0) - beta[0]);
        if (u < U - 1) gradient(t, u, label(u), alpha[t * U + u] + beta[t * U + u + 1] + p(t, u, label(u)) - beta[0]);
      }
  }
  check::Device<unsigned> counts((size_t)N * U * 2, 0);
  check::Device<float> alpha((size_t)N * T * U), beta((size_t)N * T * U), d_logits(logits), grad(logits.size(), 0.0f), cost(N);
  check::Device<int> d_labels(labels), d_lengths(lengths), d_label_lengths(label_lengths);
  rnntStatus_t status = run_warp_rnnt(0, counts, alpha, beta, d_labels, d_logits, grad, cost, d_lengths, d_label_lengths, N, T, U, V, 0, 0.0f);
  check::finished();
  check::equal("status", std::vector<int>{status}, {RNNT_STATUS_SUCCESS});
  check::near("cost", cost.host(), want_cost, 12 * (T + U));
  check::near("gradient", grad.host(), want_grad, 12 * (T + U));
}

int main() {
  // With other lengths than 1 and 32 k + 1 some lanes leave a warp before it shuffles, which is not defined.
  run(1, 1, 1, 3);
  run(2, 33, 5, 7);
  run(1, 65, 3, 4);
  run(3, 33, 1, 2);
  return check::verdict();
}
