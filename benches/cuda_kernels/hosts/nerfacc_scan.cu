// Running sums over the chunks of a flat array, inclusive and exclusive, by up- and down-sweep in shared memory. Chunks are as
// many as fit whole blocks of rows and none is empty: for others the kernel leaves a barrier to some of a block's threads.
#include "check.h"
#include <functional>
#include "kernel.cuh"

struct Add {
  __device__ float operator()(float a, float b) const { return a + b; }
};

template <int X, int Y>
static void run(std::vector<uint32_t> counts, bool normalize) {
  std::vector<uint32_t> starts(counts.size(), 0);
  for (size_t i = 1; i < counts.size(); i++) starts[i] = starts[i - 1] + counts[i - 1];
  auto from = check::Random(starts.back() + X).reals(starts.back() + counts.back(), 0, 1);
  std::vector<check::Expected> want(from.size()), want_exclusive(from.size());
  for (size_t row = 0; row < counts.size(); row++) {
    check::Expected sum, total;
    for (uint32_t i = 0; i < counts[row]; i++) total.add(from[starts[row] + i]);
    for (uint32_t i = 0; i < counts[row]; i++) {
      want_exclusive[starts[row] + i] = sum;
      sum.add(from[starts[row] + i]);
      want[starts[row] + i] = sum;
    }
    for (uint32_t i = 0; i < counts[row] && normalize; i++)
      for (auto *list : {&want, &want_exclusive}) {
        auto &value = (*list)[starts[row] + i];
        value.value /= total.value, value.magnitude /= total.value, value.terms += total.terms + 1;
      }
  }
  check::Device<float> d_from(from), out(from.size()), out_exclusive(from.size());
  check::Device<uint32_t> d_starts(starts), d_counts(counts);
  dim3 block(X, Y);
  unsigned grid = (counts.size() + 2 * Y - 1) / (2 * Y), rows = counts.size();
  device::inclusive_scan_kernel<float, X, Y>
      <<<grid, block>>>(out.get(), d_from.get(), rows, d_starts.get(), d_counts.get(), 0.0f, Add(), normalize);
  device::exclusive_scan_kernel<float, X, Y>
      <<<grid, block>>>(out_exclusive.get(), d_from.get(), rows, d_starts.get(), d_counts.get(), 0.0f, Add(), normalize);
  check::finished();
  check::near("inclusive", out.host(), want, 1);
  check::near("exclusive", out_exclusive.host(), want_exclusive, 1);
}

int main() {
  run<16, 1>({1}, false);
  run<16, 1>({61, 32, 7}, false);
  run<16, 4>({32, 31, 30, 17, 1, 2, 3, 4}, false);
  run<16, 1>({5, 97}, true);
  return check::verdict();
}
