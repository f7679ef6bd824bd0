// Scores of neighbours times the difference of features, with gradients for points, centres and scores.
#include "check.h"
#include "kernel.cuh"

// B batches, N0 points, N1 centres, M scores each, K neighbours, O channels. Some neighbours lie outside and are skipped.
static void run(int B, int N0, int N1, int M, int K, int O) {
  check::Random random(B + N0 * N1 + M * K + O);
  auto points = random.reals((size_t)B * N0 * M * O, -1, 1), centres = random.reals(points.size(), -1, 1);
  auto scores = random.reals((size_t)B * N1 * K * M, -1, 1), grad = random.reals((size_t)B * O * N1 * K, -1, 1);
  auto start = random.reals(grad.size(), -1, 1), start_scores = random.reals(scores.size(), -1, 1);
  auto neighbour = random.integers<int64_t>((size_t)B * N1 * K, N0 + 1);
  for (size_t i = 0; i < neighbour.size(); i += K) neighbour[i] %= N0;  // the first one is the centre itself
  std::vector<check::Expected> want(grad.size()), want_points(points.size()), want_centres(points.size()), want_scores(scores.size());
  for (size_t i = 0; i < want.size(); i++) want[i].add(start[i]);
  for (size_t i = 0; i < want_scores.size(); i++) want_scores[i].add(start_scores[i]);
  for (int b = 0; b < B; b++)
    for (int n = 0; n < N1; n++)
      for (int k = 0; k < K; k++) {
        int64_t near = neighbour[((size_t)b * N1 + n) * K + k], centre = neighbour[((size_t)b * N1 + n) * K];
        for (int m = 0; near < N0 && m < M; m++)
          for (int o = 0; o < O; o++) {
            size_t at = (((size_t)b * N1 + n) * K + k) * M + m, out = (((size_t)b * O + o) * N1 + n) * K + k;
            size_t p = (((size_t)b * N0 + near) * M + m) * O + o, c = (((size_t)b * N0 + centre) * M + m) * O + o;
            want[out].add((double)points[p] * scores[at]), want[out].add(-(double)centres[c] * scores[at]);
            want_points[p].add((double)scores[at] * grad[out]), want_centres[c].add(-(double)scores[at] * grad[out]);
            want_scores[at].add((double)points[p] * grad[out]), want_scores[at].add(-(double)centres[c] * grad[out]);
          }
      }
  check::Device<float> d_points(points), d_centres(centres), d_scores(scores), d_grad(grad), out(start), grad_scores(start_scores);
  check::Device<float> grad_points(points.size(), 0.0f), grad_centres(points.size(), 0.0f);
  check::Device<int64_t> index(neighbour);
  auto blocks = [](size_t n) { return (unsigned)((n + 127) / 128); };
  assign_score_withk_forward_cuda_kernel<float>
      <<<blocks(grad.size()), 128>>>(B, N0, N1, M, K, O, 0, d_points, d_centres, d_scores, index, out);
  assign_score_withk_points_backward_cuda_kernel<float>
      <<<blocks((size_t)B * M * O), 128>>>(B, N0, N1, M, K, O, 0, d_grad, d_scores, index, grad_points, grad_centres);
  assign_score_withk_scores_backward_cuda_kernel<float>
      <<<blocks(scores.size()), 128>>>(B, N0, N1, M, K, O, 0, d_grad, d_points, d_centres, index, grad_scores);
  check::finished();
  check::near("output", out.host(), want, 2);
  check::near("gradient of points", grad_points.host(), want_points, 2);
  check::near("gradient of centres", grad_centres.host(), want_centres, 2);
  check::near("gradient of scores", grad_scores.host(), want_scores, 2);
}

int main() {
  run(1, 1, 1, 1, 1, 1);
  run(2, 7, 5, 3, 3, 2);
  run(1, 16, 8, 4, 4, 4);
  return check::verdict();
}
