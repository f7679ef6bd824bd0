// Steps of conjugate gradients for each user's factors, and a regularised diagonal. The reference takes the same steps in
// double. The matrices' diagonals outweigh their rows, so a step carries errors on and does not enlarge them: what one adds is
// bounded by its sums' length, relative to the largest factor.
#include "check.h"
#include <cuda_fp16.h>
#include "kernel.cuh"

using namespace implicit::gpu;

static void run(int factors, int users, int items, int steps) {
  check::Random random(factors * users + items);
  auto x = random.reals((size_t)users * factors, -0.1, 0.1), y = random.reals((size_t)items * factors, -0.2, 0.2), gram = std::vector<float>(factors * factors);
  for (int a = 0; a < factors; a++)
    for (int b = 0; b < factors; b++)
      for (int i = 0; i < items; i++) gram[a * factors + b] += y[i * factors + a] * y[i * factors + b];
  std::vector<int> start{0}, item;
  std::vector<float> confidence;
  for (int u = 0; u < users; u++) {
    for (int k = u % 5; k > 0; k--) item.push_back(random.below(items)), confidence.push_back((float)random.real(1, 3) * (k == 2 ? -1 : 1));
    start.push_back(item.size());
  }
  check::Device<float> d_gram(gram), d_x(x), d_y(y);
  l2_regularize_kernel<<<1, factors>>>(factors, items / 8.0f + 1, d_gram);
  check::finished();
  std::vector<check::Expected> want_gram;
  for (int i = 0; i < factors * factors; i++) {
    want_gram.emplace_back(gram[i]);
    if (i % (factors + 1) == 0) want_gram[i].add(items / 8.0f + 1);
  }
  check::near("regularised", d_gram.host(), want_gram, 0);
  gram = d_gram.host();
  std::vector<check::Expected> want;
  for (int u = 0; u < users; u++) {
    std::vector<double> now(&x[u * factors], &x[u * factors] + factors), r(factors), p, ap(factors);
    auto inner = [&](const std::vector<double> &a, const std::vector<double> &b) {
      double sum = 0;
      for (int f = 0; f < factors; f++) sum += a[f] * b[f];
      return sum;
    };
    auto apply = [&](const std::vector<double> &v, std::vector<double> &out) {
      for (int f = 0; f < factors; f++) {
        out[f] = 0;
        for (int g = 0; g < factors; g++) out[f] += (double)gram[g * factors + f] * v[g];
      }
      for (int k = start[u]; k < start[u + 1]; k++) {
        double sum = 0;
        for (int f = 0; f < factors; f++) sum += y[item[k] * factors + f] * v[f];
        for (int f = 0; f < factors; f++) out[f] += (fabs(confidence[k]) - 1) * sum * y[item[k] * factors + f];
      }
    };
    apply(now, r);
    for (double &v : r) v = -v;
    for (int k = start[u]; k < start[u + 1]; k++)
      for (int f = 0; f < factors && confidence[k] > 0; f++) r[f] += (double)confidence[k] * y[item[k] * factors + f];
    p = r;
    double square = inner(r, r);
    for (int s = 0; s < steps && square >= 1e-20; s++) {
      apply(p, ap);
      double alpha = square / inner(p, ap), before = square;
      for (int f = 0; f < factors; f++) now[f] += alpha * p[f], r[f] -= alpha * ap[f];
      square = inner(r, r);
      for (int f = 0; f < factors; f++) p[f] = r[f] + square / before * p[f];
    }
    double largest = 0.1;
    for (double v : now) largest = fmax(largest, fabs(v));
    for (double v : now) {
      want.emplace_back(start[u] == start[u + 1] ? 0 : v);
      want.back().magnitude = largest;
    }
  }
  check::Device<int> d_start(start), d_item(item);
  check::Device<float> d_confidence(confidence);
  least_squares_cg_kernel<float><<<(users + 1) / 2, factors, (factors + 32) * sizeof(float)>>>(
      factors, users, items, d_x, d_y, d_gram, d_start, d_item, d_confidence, steps);
  check::finished();
  check::near("factors", d_x.host(), want, 16.0 * (steps + 1) * (factors + 5));
}

int main() {
  run(32, 1, 7, 3);
  run(32, 11, 29, 3);
  run(64, 7, 16, 2);
  return check::verdict();
}
