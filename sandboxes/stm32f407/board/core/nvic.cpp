#include "nvic.hpp"

#include <algorithm>

namespace board {
using namespace exception;

void Nvic::reset() {
  const auto lines = state_;
  state_ = {};
  for (int number = 0; number < count; ++number) state_[number].line = lines[number].line;
  for (int number : {exception::reset, nmi, hard_fault, supervisor_call, pend_sv, sys_tick}) state_[number].enabled = true;
  grouping_ = 0;
  active_count_ = 0;
  event = event_on_pend = false;
  changed();
}

void Nvic::set_line(int number, bool level) {
  State &state = state_[number];
  const bool rose = level && !state.line;
  state.line = level;
  if (rose) set_pending(number, true);
}

void Nvic::set_pending(int number, bool pending) {
  State &state = state_[number];
  if (pending && !state.pending) {
    if (event_on_pend) event = true;
    state.pended_at = clock ? clock() : 0;
  }
  state.pending = pending;
  changed();
}

void Nvic::activate(int number, bool on) {
  State &state = state_[number];
  if (state.active != on) active_count_ += on ? 1 : -1;
  state.active = on;
  if (on) set_pending(number, false);
  if (!on && state.line) set_pending(number, true);
  changed();
}

int Nvic::raw_priority(int number) const {
  if (number == exception::reset) return -3;
  if (number == nmi) return -2;
  if (number == hard_fault) return -1;
  return state_[number].priority;
}

int Nvic::group_priority(int number) const {
  const int priority = raw_priority(number);
  // PRIGROUP n: bits [7:n+1] are the group (B1.5.4).
  return priority < 0 ? priority : priority & ~((2 << grouping_) - 1) & 0xFF;
}

int Nvic::execution_priority(const Masks &masks) const {
  int priority = 256;
  if (active_count_ != 0)
    for (int number = 1; number < count; ++number)
      if (state_[number].active) priority = std::min(priority, group_priority(number));
  if (masks.basepri != 0) priority = std::min(priority, masks.basepri & ~((2 << grouping_) - 1) & 0xF0);
  if (masks.primask) priority = std::min(priority, 0);
  if (masks.faultmask) priority = std::min(priority, -1);
  return priority;
}

int Nvic::best_pending() const {
  if (best_ >= 0) return best_;
  int best = none;
  for (int number = 1; number < count; ++number) {
    const State &state = state_[number];
    if (!state.pending || !state.enabled) continue;
    if (best == none || raw_priority(number) < raw_priority(best)) best = number;
  }
  return best_ = best;
}

int Nvic::to_take(const Masks &masks) const {
  const int best = best_pending();
  return best != none && group_priority(best) < execution_priority(masks) ? best : none;
}

bool Nvic::may_preempt(const Masks &masks, bool tick_interrupts) const {
  const int priority = execution_priority(masks);
  for (int number = tick_interrupts ? sys_tick : first_interrupt; number < count; ++number)
    if (state_[number].enabled && group_priority(number) < priority) return true;
  return false;
}

bool Nvic::wakes(Masks masks) const {
  masks.primask = false;
  return to_take(masks) != none;
}

bool Nvic::any_active_besides(int number) const {
  return active_count_ > (state_[number].active ? 1 : 0);
}

int Nvic::active_fault() const {
  for (int number : {hard_fault, nmi, memory_management, bus_fault, usage_fault})
    if (state_[number].active) return number;
  return none;
}

}  // namespace board
