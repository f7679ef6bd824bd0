// Sums, dot products, prefix sums and a sort, each by warp shuffles and shared memory. Sums are of floats in double, so the
// reference, which adds in another order, may differ by rounding in double; integers and the sort are exact.
#include "check.h"
#include "lightgbm.h"
namespace LightGBM {
#include "kernel.cuh"
}

using namespace LightGBM;
constexpr int BLOCK = GLOBAL_PREFIX_SUM_BLOCK_SIZE;

static void sums(int n) {
  check::Random random(n);
  auto first = random.reals(n, -1, 1), second = random.reals(n, -1, 1);
  check::Expected sum, product;
  for (int i = 0; i < n; i++) sum.add(first[i]), product.add((double)first[i] * second[i]);
  int blocks = (n + BLOCK - 1) / BLOCK;
  check::Device<float> d_first(first), d_second(second);
  check::Device<double> partial(blocks), partial_product(blocks);
  ShuffleReduceSumGlobalKernel<float, double><<<blocks, BLOCK>>>(d_first, n, partial);
  BlockReduceSum<double><<<1, BLOCK>>>(partial, blocks);
  ShuffleReduceDotProdGlobalKernel<float, double><<<blocks, BLOCK>>>(d_first, d_second, n, partial_product);
  BlockReduceSum<double><<<1, BLOCK>>>(partial_product, blocks);
  check::finished();
  check::near("sum", std::vector<double>{partial.host()[0]}, {sum}, n);
  check::near("dot product", std::vector<double>{partial_product.host()[0]}, {product}, n);
}

// The array is padded to whole blocks, as the kernel writes that much.
static void prefix_sums(int n) {
  check::Random random(n);
  int blocks = (n + BLOCK - 1) / BLOCK;
  auto values = random.integers<uint32_t>((size_t)blocks * BLOCK, 1000);
  std::vector<uint32_t> want(n);
  for (int i = 0; i < n; i++) want[i] = (i > 0 ? want[i - 1] : 0) + values[i];
  check::Device<uint32_t> d_values(values), sum_of_blocks(blocks);
  ShufflePrefixSumGlobalKernel<<<blocks, BLOCK>>>(d_values.get(), (size_t)n, sum_of_blocks.get());
  ShufflePrefixSumGlobalReduceBlockKernel<<<1, BLOCK>>>(sum_of_blocks.get(), blocks);
  ShufflePrefixSumGlobalAddBase<<<blocks, BLOCK>>>((size_t)n, sum_of_blocks.get(), d_values.get());
  check::finished();
  auto got = d_values.host();
  got.resize(n);
  check::equal("prefix sum", got, want);
}

// Descending, within each query.
static void sort(const std::vector<int> &lengths) {
  std::vector<int> bounds{0};
  for (int length : lengths) bounds.push_back(bounds.back() + length);
  check::Random random(bounds.back());
  auto scores = random.reals<double>(bounds.back(), -1, 1);
  std::vector<double> want = scores, got;
  for (size_t q = 0; q < lengths.size(); q++) std::sort(&want[bounds[q]], &want[bounds[q]] + lengths[q], [](double a, double b) { return a > b; });
  check::Device<double> d_scores(scores);
  check::Device<int> d_bounds(bounds), indices(scores.size());
  int queries = lengths.size(), blocks = (queries + BITONIC_SORT_QUERY_ITEM_BLOCK_SIZE - 1) / BITONIC_SORT_QUERY_ITEM_BLOCK_SIZE;
  BitonicArgSortItemsGlobalKernel<<<blocks, BITONIC_SORT_NUM_ELEMENTS>>>(d_scores, queries, d_bounds, indices);
  check::finished();
  auto order = indices.host();
  for (size_t q = 0; q < lengths.size(); q++)
    for (int i = bounds[q]; i < bounds[q + 1]; i++) {
      bool valid = order[i] >= 0 && order[i] < lengths[q];
      got.push_back(valid ? scores[bounds[q] + order[i]] : NAN);
    }
  check::equal("sorted", got, want);
}

int main() {
  for (int n : {1, 31, 1024, 2503}) sums(n), prefix_sums(n);
  sort({1, 2, 61, 64});
  sort({1500});
  return check::verdict();
}
