// Adds a constant to scores, and multiplies them by one: one rounding each, so the result is exact.
#include "check.h"
#include "lightgbm.h"
namespace LightGBM {
#include "kernel.cuh"
}

int main() {
  for (int n : {1, 127, 1024, 1025}) {
    auto scores = check::Random(n).reals<double>(n, -3, 3);
    auto want = scores;
    for (double &x : want) x += 0.3, x *= -1.7;
    check::Device<double> s(scores);
    LightGBM::AddScoreConstantKernel<<<(n + 255) / 256, 256>>>(0.3, n, s);
    LightGBM::MultiplyScoreConstantKernel<<<(n + 255) / 256, 256>>>(-1.7, n, s);
    check::finished();
    check::equal("score", s.host(), want);
  }
  return check::verdict();
}
