// The counting part of a timer as arithmetic: no events, no registers.
#pragma once

#include <cstdint>

#include "../core/time.hpp"

namespace board {

/// A counter behind a prescaler, as a position in a cycle of phases (RM0090 18.3.2). Phase 0 is where the cycle starts:
/// CNT = 0 when counting up or centre-aligned, CNT = ARR when counting down. Every tick advances the phase by one; ticks
/// are numbered from an origin in time, so nothing has to be done while they pass, and nothing drifts.
class TimerCounter {
 public:
  enum class Direction : std::uint8_t { up, down, centre };

  /// `top`: 0xFFFF or 0xFFFFFFFF, the counter's width.
  explicit TimerCounter(std::uint64_t top) : top_(top) {}

  /// Puts the counter to a value now, with a new tick beginning; `descending` matters in centre-aligned mode only.
  void restart(Time now, std::uint64_t count, bool descending = false);
  /// Keeps the phase at `now` (settle first) and goes on with other settings.
  void set_shape(Time now, Direction direction, std::uint64_t reload);
  void set_rate(Time now, std::uint32_t hz, std::uint32_t prescaler);
  void set_running(Time now, bool running);
  /// Moves the phase by one, up or down: for counters clocked from outside.
  void step(bool forward);
  /// Takes the tick `done` as the new origin: at a change of prescaler that takes effect with that tick.
  void rebase(std::uint64_t tick);

  bool running() const { return running_; }
  Direction direction() const { return direction_; }
  std::uint64_t reload() const { return reload_; }
  std::uint32_t prescaler() const { return prescaler_; }
  std::uint32_t hz() const { return hz_; }

  /// Ticks from the origin to `now`.
  std::uint64_t ticks(Time now) const;
  /// When tick `n` from the origin happens (`never` if it stands still).
  Time time_of(std::uint64_t n) const;
  /// Number of phases in a cycle; 0 if the counter is blocked (reload 0: RM0090 18.4.12).
  std::uint64_t cycle() const;
  /// The value of CNT after tick `n`, and whether it is on its way down.
  std::uint64_t count_at(std::uint64_t n) const;
  bool descending_at(std::uint64_t n) const;

  /// The first tick after `n` at which the phase becomes `phase`.
  std::uint64_t next(std::uint64_t n, std::uint64_t phase) const;
  /// How often the phase becomes `phase` in the ticks after `from` up to `to`.
  std::uint64_t passes(std::uint64_t from, std::uint64_t to, std::uint64_t phase) const;
  /// Is the counter beyond the reload value (it was lowered under it)? It then runs to the end of its width.
  bool beyond() const { return beyond_; }

 private:
  std::uint64_t phase_at(std::uint64_t n) const { return cycle() == 0 ? phase_ : (phase_ + n) % cycle(); }
  std::uint64_t phase_of(std::uint64_t count, bool descending) const;

  std::uint64_t top_;
  Direction direction_ = Direction::up;
  std::uint64_t reload_ = 0xFFFF;
  std::uint32_t hz_ = 0, prescaler_ = 0;
  bool running_ = false, beyond_ = false;
  Time origin_ = 0;
  std::uint64_t phase_ = 0;
};

}  // namespace board
