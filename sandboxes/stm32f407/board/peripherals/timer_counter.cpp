#include "timer_counter.hpp"

namespace board {

std::uint64_t TimerCounter::cycle() const {
  if (beyond_) return top_ + 1;
  if (reload_ == 0) return 0;
  return direction_ == Direction::centre ? 2 * reload_ : reload_ + 1;
}

std::uint64_t TimerCounter::phase_of(std::uint64_t count, bool descending) const {
  if (direction_ == Direction::down) return count > reload_ ? 0 : reload_ - count;
  if (direction_ == Direction::centre && descending && count != 0) return 2 * reload_ - count;
  return count;
}

std::uint64_t TimerCounter::count_at(std::uint64_t n) const {
  const std::uint64_t phase = phase_at(n);
  if (beyond_ || direction_ == Direction::up) return phase;
  if (direction_ == Direction::down) return reload_ - phase;
  return phase <= reload_ ? phase : 2 * reload_ - phase;
}

bool TimerCounter::descending_at(std::uint64_t n) const {
  if (direction_ == Direction::down) return true;
  return direction_ == Direction::centre && phase_at(n) >= reload_;
}

void TimerCounter::restart(Time now, std::uint64_t count, bool descending) {
  origin_ = now;
  beyond_ = false;
  // A count past the reload value is possible when software writes CNT: it runs on to the end of the counter.
  beyond_ = direction_ == Direction::up && count > reload_ && reload_ != 0;
  if (direction_ == Direction::centre && count > reload_) count = reload_;
  phase_ = phase_of(count, descending);
}

std::uint64_t TimerCounter::ticks(Time now) const {
  if (!running_ || now <= origin_) return 0;
  return count_periods(now - origin_, hz_) / (std::uint64_t{prescaler_} + 1);
}

Time TimerCounter::time_of(std::uint64_t n) const {
  if (!running_ || hz_ == 0) return never;
  const unsigned __int128 cycles = static_cast<unsigned __int128>(n) * (std::uint64_t{prescaler_} + 1);
  if (cycles > UINT64_MAX) return never;
  return later(origin_, periods(static_cast<std::uint64_t>(cycles), hz_));
}

void TimerCounter::rebase(std::uint64_t tick) {
  const Time time = time_of(tick);
  phase_ = phase_at(tick);
  if (time != never) origin_ = time;
}

void TimerCounter::set_shape(Time now, Direction direction, std::uint64_t reload) {
  if (direction == direction_ && reload == reload_) return;
  const std::uint64_t tick = ticks(now);
  const std::uint64_t count = count_at(tick);
  const bool descending = descending_at(tick);
  rebase(tick);
  const Time origin = origin_;
  direction_ = direction;
  reload_ = reload;
  restart(running_ ? origin : now, count, descending);
}

void TimerCounter::set_rate(Time now, std::uint32_t hz, std::uint32_t prescaler) {
  if (hz == hz_ && prescaler == prescaler_) return;
  rebase(ticks(now));
  if (hz != hz_) origin_ = now;  // the fraction of a tick is lost with the old clock
  hz_ = hz;
  prescaler_ = prescaler;
}

void TimerCounter::set_running(Time now, bool running) {
  if (running == running_) return;
  if (running_) rebase(ticks(now));
  running_ = running;
  origin_ = now;
}

void TimerCounter::step(bool forward) {
  const std::uint64_t length = cycle();
  if (length == 0) return;
  phase_ = forward ? (phase_ + 1) % length : (phase_ + length - 1) % length;
}

std::uint64_t TimerCounter::next(std::uint64_t n, std::uint64_t phase) const {
  const std::uint64_t length = cycle();
  if (length == 0 || phase >= length) return UINT64_MAX;
  const std::uint64_t distance = (phase + length - phase_at(n)) % length;
  return n + (distance == 0 ? length : distance);
}

std::uint64_t TimerCounter::passes(std::uint64_t from, std::uint64_t to, std::uint64_t phase) const {
  const std::uint64_t first = next(from, phase);
  return first > to ? 0 : 1 + (to - first) / cycle();
}

}  // namespace board
