// Timers: triggers from and to others, slave modes, encoder (RM0090 18.3.3, 18.3.12 to 18.3.15).
#include "timer.hpp"

namespace board {
namespace {

/// Which timer drives ITR0..ITR3 of a timer (RM0090 tables 93, 97, 100). The OC outputs of TIM10/11/13/14 are left out.
constexpr int masters[15][4] = {
    {0, 0, 0, 0}, {5, 2, 3, 4}, {1, 8, 3, 4}, {1, 2, 5, 4}, {1, 2, 3, 8},  {2, 3, 4, 8}, {0, 0, 0, 0}, {0, 0, 0, 0},
    {1, 2, 4, 5}, {2, 3, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}, {4, 5, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0},
};

enum Slave : std::uint32_t { off, encoder1, encoder2, encoder3, reset_mode, gated, trigger, external_clock };
enum Source : std::uint32_t { ITR0, ITR1, ITR2, ITR3, TI1F_ED, TI1FP1, TI2FP2, ETRF };

}  // namespace

/// A pulse on TRGO.
void Timer::trigger_output() {
  for (const auto &listener : trigger_listeners_) listener();
  for (int slave = 1; slave <= 14; ++slave) {
    for (int input = 0; input < 4; ++input) {
      if (masters[slave][input] != number_) continue;
      auto *timer = board.find<Timer>("TIM" + std::to_string(slave));
      if (!timer) continue;
      timer->internal_trigger(input, true);
      timer->internal_trigger(input, false);
    }
  }
}

/// With MMS = 1 TRGO shows CEN: the slave sees its level.
void Timer::trigger_level(bool level) {
  if (field(CR2, 4, 3) != 1) return;
  if (level)
    for (const auto &listener : trigger_listeners_) listener();
  for (int slave = 1; slave <= 14; ++slave)
    for (int input = 0; input < 4; ++input)
      if (masters[slave][input] == number_)
        if (auto *timer = board.find<Timer>("TIM" + std::to_string(slave))) timer->internal_trigger(input, level);
}

void Timer::internal_trigger(int input, bool level) {
  if (!clocked() || field(SMCR, 4, 3) != static_cast<std::uint32_t>(input) || field(SMCR, 0, 3) < reset_mode) return;
  settle();
  trigger_edge(level, false);
  refresh();
}

/// An edge of TI1 (0) or TI2 (1) for the slave controller.
void Timer::slave_input(int input, bool level) {
  const std::uint32_t mode = field(SMCR, 0, 3), source = field(SMCR, 4, 3);
  if (mode == off) return;
  if (mode <= encoder3) return encoder_edge(input, level);
  const bool inverted = bit(CCER, 4 * input + 1), both = inverted && bit(CCER, 4 * input + 3);
  if (source == TI1F_ED && input == 0) trigger_edge(true, true);
  else if (source == (input == 0 ? TI1FP1 : TI2FP2)) trigger_edge(level != inverted || both, both);
}

/// ETR: external clock mode 2, or a trigger (18.4.3).
void Timer::external_trigger(bool level) {
  if (!clocked() || held_in_reset()) return;
  settle();
  const bool active = level != bit(SMCR, 15);
  if (!active) {
    if (field(SMCR, 0, 3) == gated && field(SMCR, 4, 3) == ETRF) trigger_edge(false, false);
    return refresh();
  }
  if (++trigger_prescale_ < 1u << field(SMCR, 12, 2)) return;  // ETPS: 1, 2, 4, 8
  trigger_prescale_ = 0;
  if (bit(SMCR, 14)) external_tick(true);
  else if (field(SMCR, 4, 3) == ETRF) trigger_edge(true, false);
  refresh();
}

/// TRGI has become active (`level`) or inactive.
void Timer::trigger_edge(bool level, bool both_edges) {
  const std::uint32_t mode = field(SMCR, 0, 3);
  if (mode == gated) {
    raise(0x40);
    counter_.set_running(board.now(), level && (value(CR1) & 1) != 0 && clocked());
    done_ = 0;
    return;
  }
  if (!level && !both_edges) return;
  if (mode == reset_mode || mode == trigger || mode == external_clock) raise(0x40);
  if (bit(DIER, 14)) ask(trigger_dma_);
  if (mode == reset_mode) {
    update_event(board.now(), true);
    counter_.restart(board.now(), direction() == TimerCounter::Direction::down ? counter_.reload() : 0);
    done_ = 0;
  } else if (mode == trigger && (value(CR1) & 1) == 0) {
    set_bits(CR1, 1);
    run_if_enabled();
    trigger_level(true);
  } else if (mode == external_clock) {
    external_tick(direction() != TimerCounter::Direction::down);
  }
}

/// RM0090 table 96: the direction follows from the edge and the level of the other input.
void Timer::encoder_edge(int input, bool rising) {
  const std::uint32_t mode = field(SMCR, 0, 3);
  if ((value(CR1) & 1) == 0 || channels() < 2) return;
  if ((mode == encoder1 && input == 0) || (mode == encoder2 && input == 1)) return;
  const bool other = channels_[static_cast<std::size_t>(input ^ 1)].signal->level() != bit(CCER, 4 * (input ^ 1) + 1);
  const bool edge = rising != bit(CCER, 4 * input + 1);
  const bool up = input == 0 ? edge != other : edge == other;
  if (up) clear_bits(CR1, 16);
  else set_bits(CR1, 16);
  external_tick(up);
}

/// One tick of a counter that is clocked from outside.
void Timer::external_tick(bool forward) {
  if ((value(CR1) & 1) == 0) return;
  if (outside_++ < counter_.prescaler()) return;
  outside_ = 0;
  const std::uint64_t before = counter_.count_at(0);
  counter_.step(forward);
  const std::uint64_t count = counter_.count_at(0);
  done_ = 0;
  for (int n = 0; n < channels(); ++n)
    if (!is_input(n) && channels_[static_cast<std::size_t>(n)].compare == count) matched(n, 1);
  const bool wrapped = forward ? count == 0 : before == 0;
  if (wrapped && (value(CR1) & 2) == 0) {
    update_event(board.now(), false);
  }
}

}  // namespace board
