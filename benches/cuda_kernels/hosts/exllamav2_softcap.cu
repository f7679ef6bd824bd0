// Values bent towards a limit: limit * tanh(x / limit), in float and in half. tanhf errs by 2 units in the last place (CUDA
// programming guide), and half has a unit roundoff of 2^-11.
#include "check.h"
#include <cuda_fp16.h>
#include "kernel.cuh"

int main() {
  const float limit = 30;
  for (uint64_t n : {1, 255, 256, 1031}) {
    auto x = check::Random(n).reals(n, -90, 90);
    std::vector<check::Expected> want, want_half;
    std::vector<half> halves;
    for (float v : x) want.emplace_back(limit * tanh((double)v / limit));
    for (uint64_t i = 0; i < (n + 1) / 2 * 2; i++) {  // the kernel takes pairs
      halves.push_back(__float2half(x[i % n]));
      want_half.emplace_back(limit * tanh((double)__half2float(halves[i]) / limit));
    }
    check::Device<float> d_x(x);
    check::Device<half> d_half(halves);
    cuda_softcap_kernel<<<(n + NUM_THREADS - 1) / NUM_THREADS, NUM_THREADS>>>(d_x, n, limit);
    h_cuda_softcap_kernel<<<(n + NUM_THREADS - 1) / NUM_THREADS, NUM_THREADS>>>(d_half, n, limit);
    check::finished();
    std::vector<float> got;
    for (half value : d_half.host()) got.push_back(__half2float(value));
    check::near("float", d_x.host(), want, 8);
    check::near("half", got, want_half, 0.1, 0x1p-11);
  }
  return check::verdict();
}
