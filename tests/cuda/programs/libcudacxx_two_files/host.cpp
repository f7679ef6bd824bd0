#include <cuda/std/atomic>
#include <cuda/std/barrier>
#include <cuda/std/limits>
#include <cuda/std/span>

int count_below(cuda::std::span<const int> values, int limit) {
    cuda::std::atomic<int> count{0};
    for (const int value : values) count += value < limit;
    return count.load();
}
