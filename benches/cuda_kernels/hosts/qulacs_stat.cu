// Sums over a quantum state by warp shuffles and an atomic addition that is made of compare-and-swap: its norm, and the
// probability of measuring 0 or 1, all in double. cuCabs scales, and takes a root that is squared again.
#include "check.h"
#include <cuComplex.h>

using GTYPE = cuDoubleComplex;
using ITYPE = unsigned long long;
using UINT = unsigned int;
#define gpuCabs cuCabs
#include "kernel.cuh"

static void run(int qubits, int blocks, int threads) {
  ITYPE dim = 1ull << qubits;
  check::Random random(qubits);
  std::vector<GTYPE> state;
  for (ITYPE i = 0; i < dim; i++) state.push_back({random.real(-1, 1), random.real(-1, 1)});
  check::Expected norm;
  for (auto z : state) norm.add(z.x * z.x + z.y * z.y);
  check::Device<GTYPE> d_state(state);
  check::Device<double> sum(1, 0.0);
  state_norm_squared_gpu<<<blocks, threads>>>(sum, d_state, dim);
  check::finished();
  check::near("norm", sum.host(), {norm}, 3);
  for (int target = 0; target < qubits; target++) {
    check::Expected part[2];
    for (ITYPE i = 0; i < dim; i++) part[i >> target & 1].add(state[i].x * state[i].x + state[i].y * state[i].y);
    check::Device<double> zero(1, 0.0), one(1, 0.0);
    M0_prob_gpu<<<blocks, threads>>>(zero, target, d_state, dim);
    M1_prob_gpu<<<blocks, threads>>>(one, target, d_state, dim);
    check::finished();
    check::near("probability of 0", zero.host(), {part[0]}, 16);
    check::near("probability of 1", one.host(), {part[1]}, 16);
  }
}

int main() {
  run(1, 1, 32);
  run(5, 1, 32);
  run(8, 3, 96);
  run(10, 4, 256);
  return check::verdict();
}
