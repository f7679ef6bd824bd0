// MCO1 and MCO2: a clock on a pin (RM0090 7.2.10).
#pragma once

#include <string>

#include "../core/board.hpp"

namespace board {

/// Its edges are events for as long as somebody sees each of them: the log of the pin, or what a wire leads to. The rest is
/// only counted, since a clock has more edges than a core has instructions.
class ClockOutput {
 public:
  ClockOutput(Board &board, const std::string &signal);

  /// The source's rate (0: it stands still) and what it is divided by.
  void set(std::uint32_t hz, std::uint32_t divider);
  /// Counts the edges up to now.
  void settle();

 private:
  void restart();
  void edge();
  bool seen() const;
  Time time_of(std::uint64_t edge) const;

  Board &board_;
  Signal &signal_;
  Event edge_;
  std::uint32_t hz_ = 0, divider_ = 1;
  Time origin_ = 0;
  std::uint64_t done_ = 0;  // edges since the origin
};

}  // namespace board
