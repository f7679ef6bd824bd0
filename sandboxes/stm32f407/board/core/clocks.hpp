// The rates of the clock tree as they are now. RCC's model sets them; everybody else reads them.
#pragma once

#include <cstdint>

namespace board {

/// All in Hz. A rate of 0 means that the clock stands still.
struct Clocks {
  std::uint32_t sysclk = 16'000'000, hclk = 16'000'000;
  std::uint32_t pclk1 = 16'000'000, pclk2 = 16'000'000;
  std::uint32_t timclk1 = 16'000'000, timclk2 = 16'000'000;  // timers of APB1, APB2 (RM0090 6.2: twice PCLK if divided)
  std::uint32_t pll48 = 0;
  std::uint32_t lsi = 0, lse = 0, rtc = 0;
  std::uint32_t plli2s = 0;
  const char *source = "hsi";  // of sysclk: "hsi", "hse", "pll"
};

}  // namespace board
