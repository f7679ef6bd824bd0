// Request lines from peripherals to the DMA controllers, by the names of RM0090 tables 42 and 43 ("USART2_TX", "TIM3_UP").
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace board {

/// One line. A peripheral holds a reference and says when it wants a transfer; a DMA stream answers it.
class DmaRequest {
 public:
  /// A level request: high for as long as the peripheral wants transfers (RXNE && DMAR; TXE && DMAT). The access that
  /// the DMA makes to the data register lowers it, as on the chip.
  void set(bool level) { change(level, pulse_); }
  /// A single transfer, remembered until a stream has served it (a timer's update or compare event).
  void pulse() { change(level_, true); }
  /// Forgets a pulse not yet served (the peripheral was disabled or reset).
  void drop() {
    last_ = false;
    change(false, false);
  }
  /// Said in the access by DMA that is the last one of the peripheral's transfer, for a stream whose flow it controls.
  void last() { last_ = true; }

  bool active() const { return level_ || pulse_; }
  /// For the DMA: a pulse has been served.
  void served() { pulse_ = false; }
  /// For the DMA: was the last access the transfer's last? Tells once.
  bool take_last() { return std::exchange(last_, false); }
  /// For the DMA: called whenever the line becomes active. Do not transfer in the call (the peripheral is in the middle
  /// of something): schedule an Event a few cycles later.
  std::function<void()> on_active;
  /// For peripherals: called when the stream that serves this line has finished its last transfer (used by some to stop).
  std::function<void()> on_last;

 private:
  void change(bool level, bool pulse) {
    const bool was = active();
    level_ = level;
    pulse_ = pulse;
    if (active() && !was && on_active) on_active();
  }
  bool level_ = false, pulse_ = false, last_ = false;
};

/// All lines, made on first use, so that peripherals and DMA may be built in any order.
class DmaRequests {
 public:
  DmaRequest &line(const std::string &name) {
    auto &slot = lines_[name];
    if (!slot) slot = std::make_unique<DmaRequest>();
    return *slot;
  }

 private:
  std::map<std::string, std::unique_ptr<DmaRequest>> lines_;
};

}  // namespace board
