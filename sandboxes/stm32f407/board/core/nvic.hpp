// Which exceptions are pending, enabled and active, and which one wins (Armv7-M B1.5).
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <functional>

namespace board {

/// Exception numbers of Armv7-M; interrupt n is exception 16 + n.
namespace exception {
inline constexpr int none = 0, reset = 1, nmi = 2, hard_fault = 3, memory_management = 4, bus_fault = 5, usage_fault = 6,
                     supervisor_call = 11, debug_monitor = 12, pend_sv = 14, sys_tick = 15, first_interrupt = 16;
inline constexpr int count = 16 + 82;
}  // namespace exception

class Nvic {
 public:
  void reset();

  /// A level-sensitive line: pends when it rises, and again when its handler returns with the line still high.
  void set_line(int number, bool level);
  bool line(int number) const { return state_[number].line; }
  void set_pending(int number, bool pending);
  bool pending(int number) const { return state_[number].pending; }
  void enable(int number, bool on) {
    state_[number].enabled = on;
    if (on) ever_enabled_.set(static_cast<std::size_t>(number));
    changed();
  }
  bool enabled(int number) const { return state_[number].enabled; }
  /// Has the firmware enabled it at any time of the run?
  bool ever_enabled(int number) const { return ever_enabled_.test(static_cast<std::size_t>(number)); }
  void activate(int number, bool on);
  bool active(int number) const { return state_[number].active; }
  /// The 8-bit field as software wrote it; the STM32F4 has the upper four bits.
  void set_priority_bits(int number, std::uint8_t bits) { state_[number].priority = bits & 0xF0; changed(); }
  std::uint8_t priority_bits(int number) const { return state_[number].priority; }
  void set_grouping(unsigned grouping) { grouping_ = grouping & 7; changed(); }
  unsigned grouping() const { return grouping_; }

  /// Masks as the core's registers hold them.
  struct Masks {
    bool primask = false, faultmask = false;
    std::uint8_t basepri = 0;
  };
  /// Lower wins. 256: thread mode without any mask.
  int execution_priority(const Masks &masks) const;
  /// The priority that decides about preemption.
  int group_priority(int number) const;
  /// The pending enabled exception that comes first; `none` if there is none.
  int best_pending() const;
  /// The one to take now, or `none`.
  int to_take(const Masks &masks) const;
  /// Could an interrupt that is not pending yet preempt (SysTick too, if it requests interrupts)?
  bool may_preempt(const Masks &masks, bool tick_interrupts) const;
  /// Would something pending wake the core from WFI (PRIMASK does not count: B1.5.17)?
  bool wakes(Masks masks) const;
  /// The active exception of the best priority besides `number`.
  bool any_active_besides(int number) const;
  bool any_active() const { return active_count_ != 0; }
  /// An active fault handler (or NMI), or `none`.
  int active_fault() const;
  bool any_pending() const { return best_pending() != exception::none; }

  /// When it became pending, in cycles.
  std::uint64_t pended_at(int number) const { return state_[number].pended_at; }

  /// SEVONPEND: a new pending interrupt is an event for WFE.
  bool event_on_pend = false, event = false;
  /// Cycles now, for `pended_at`.
  std::function<std::uint64_t()> clock;

 private:
  struct State {
    bool pending = false, enabled = false, active = false, line = false;
    std::uint8_t priority = 0;
    std::uint64_t pended_at = 0;
  };
  void changed() { best_ = -1; }
  int raw_priority(int number) const;

  std::array<State, exception::count> state_{};
  std::bitset<exception::count> ever_enabled_;
  unsigned grouping_ = 0;
  int active_count_ = 0;
  mutable int best_ = -1;  // cache; -1: unknown
};

}  // namespace board
