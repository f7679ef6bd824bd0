// A moving median over a table of samples: containers, algorithms and memory of the standard library.
#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "stm32f4xx.h"

namespace {

constexpr std::array<std::uint16_t, 9> samples{40, 900, 42, 41, 43, 7, 44, 46, 45};

struct Filter {
  virtual ~Filter() = default;
  virtual std::uint16_t add(std::uint16_t sample) = 0;
};

class Median : public Filter {
 public:
  explicit Median(std::size_t width) : width_(width) {}
  std::uint16_t add(std::uint16_t sample) override {
    window_.push_back(sample);
    if (window_.size() > width_) window_.erase(window_.begin());
    auto sorted = window_;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }

 private:
  std::size_t width_;
  std::vector<std::uint16_t> window_;
};

}  // namespace

volatile std::uint16_t last, largest, done;

int main() {
  RCC->AHB1ENR |= RCC_AHB1ENR_GPIODEN;
  (void)RCC->AHB1ENR;
  GPIOD->MODER |= 1u << (12 * 2);
  std::unique_ptr<Filter> filter = std::make_unique<Median>(3);
  std::uint16_t most = 0;
  const std::function<void(std::uint16_t)> take = [&](std::uint16_t sample) {
    const std::uint16_t median = filter->add(sample);
    last = median;
    most = std::max(most, median);
  };
  std::for_each(samples.begin() + 1, samples.end(), take);
  largest = most;
  filter.reset();
  GPIOD->BSRR = 1u << 12;
  done = 1;
  for (;;) __WFI();
}
