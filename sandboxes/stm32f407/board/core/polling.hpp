// Recognises loops that only wait, so that the time until something can change may be skipped.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "time.hpp"

namespace board {

class Cpu;

/// A loop is a pure wait if the core comes back to a basic block with the same registers (FPU's included) and the same
/// words near the stack pointer, has stored nothing elsewhere, and has read only registers that cannot change by
/// themselves before a known time. Then every further round is the same until that time or the next event.
/// Probes are cheap: the state is taken at the 4th, 16th, 64th … block after the last event, and dropped at a mismatch.
class Polling {
 public:
  explicit Polling(Cpu &cpu) : cpu_(cpu) {}

  /// Called at each basic block, before it runs. Returns true if the core should stop here: the loop is a pure wait.
  bool at_block(std::uint32_t address) {
    if (--countdown_ == 0) return probe(address), false;
    return address == head_ && watching_ && compare(address);
  }
  void on_store(std::uint32_t address) {
    lowest_store_ = address < lowest_store_ ? address : lowest_store_;
    highest_store_ = address > highest_store_ ? address : highest_store_;
  }
  void on_load() { loads_ = true; }
  /// A register was read that stays as it is until `stable`.
  void on_register_read(std::uint32_t address, Time stable);
  void on_register_write() { impure_ = true; }
  /// Something happened (event, exception): begin anew.
  void restart();

  // Of the loop that `at_block` found.
  std::uint32_t head() const { return head_; }
  std::uint64_t period() const { return period_; }
  Time stable() const { return stable_; }
  bool loads() const { return loads_; }
  const std::vector<std::uint32_t> &registers_read() const { return registers_read_; }

 private:
  static constexpr std::uint32_t window = 128;  // bytes from the stack pointer upwards that a loop may store to
  using State = std::array<std::uint32_t, 17>;

  void probe(std::uint32_t address);
  bool compare(std::uint32_t address);
  void take(State &state) const;
  bool same_floats();

  Cpu &cpu_;
  std::uint32_t head_ = 0;
  std::uint64_t countdown_ = 4, interval_ = 4;
  bool watching_ = false, impure_ = false, loads_ = false;
  std::uint32_t lowest_store_ = UINT32_MAX, highest_store_ = 0;
  std::uint64_t begun_ = 0, period_ = 0;
  Time stable_ = never;
  State state_{};
  std::array<std::uint64_t, 17> floats_{};
  std::array<std::uint8_t, window> stack_{};
  std::vector<std::uint32_t> registers_read_;
};

}  // namespace board
