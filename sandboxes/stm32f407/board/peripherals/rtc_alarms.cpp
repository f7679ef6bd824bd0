// The RTC's alarms and wake-up timer, and what they ask of EXTI and PWR (RM0090 26.3.3, 26.3.4, 26.5).
#include "../core/core.hpp"
#include "exti.hpp"
#include "pwr.hpp"
#include "rtc.hpp"

namespace board {
using namespace rtc;
namespace {

constexpr unsigned horizon = 100'000;  // seconds of the calendar that are searched at once
constexpr std::uint64_t no_tick = UINT64_MAX;
constexpr unsigned alarm_line = 17, wakeup_line = 22;  // of EXTI

std::uint32_t time_register(unsigned alarm) { return alarm == 0 ? ALRMAR : ALRMBR; }
std::uint32_t subsecond_register(unsigned alarm) { return alarm == 0 ? ALRMASSR : ALRMBSSR; }

}  // namespace

// ---- alarms ----

void Rtc::write_alarm(std::uint32_t offset, std::uint32_t data) {
  const unsigned alarm = offset == ALRMAR || offset == ALRMASSR ? 0 : 1;
  const std::string letter = alarm == 0 ? "A" : "B";
  const bool enabled = (value(CR) & ALRAE << alarm) != 0, writable = (value(ISR) & ALRAWF << alarm) != 0;
  const bool subseconds = offset == ALRMASSR || offset == ALRMBSSR;
  if (!initialising() && (enabled || (!writable && !subseconds))) {
    if (!changes(offset, data)) return;
    return ignored("rtc_misuse", offset,
                   enabled ? "while alarm " + letter + " is on: the write has no effect; clear RTC_CR.ALR" + letter + "E and wait until RTC_ISR.ALR" + letter +
                                 "WF is set (RM0090 26.3.5)"
                           : "before RTC_ISR.ALR" + letter + "WF is set: the write has no effect; after ALR" + letter +
                                 "E is cleared that takes about two periods of RTCCLK (RM0090 26.3.5, 26.6.4)");
  }
  store(offset, data);
}

/// An alarm whose compared fields no calendar can have.
void Rtc::check_alarm(unsigned alarm) {
  const std::uint32_t wanted = value(time_register(alarm));
  std::string wrong = wrong_with_time(wanted, twelve(), (wanted & 1 << 7) == 0, (wanted & 1 << 15) == 0, (wanted & 1 << 23) == 0);
  if (wrong.empty() && (wanted & 1u << 31) == 0) {
    const unsigned day = (wanted & 1 << 30) != 0 ? wanted >> 24 & 15 : from_bcd(wanted >> 24 & 0x3F);
    if (day < 1 || day > ((wanted & 1 << 30) != 0 ? 7u : 31u)) wrong = "the day is no day of the week or the month, and MSK4 is 0";
  }
  if (!wrong.empty())
    ignored("rtc_bad_value", CR,
            std::string("enables alarm ") + (alarm == 0 ? "A" : "B") + " with " + hex(wanted) + ": " + wrong + ", so it never matches (RM0090 26.6.8)");
}

bool Rtc::matches(unsigned alarm, const Calendar &calendar) const {
  const std::uint32_t wanted = value(time_register(alarm));
  std::uint32_t compared = 0;
  if ((wanted & 1 << 7) == 0) compared |= 0x7F;
  if ((wanted & 1 << 15) == 0) compared |= 0x7F00;
  if ((wanted & 1 << 23) == 0) compared |= 0x7F0000;
  if (((wanted ^ calendar.time()) & compared) != 0) return false;
  if ((wanted & 1u << 31) != 0) return true;
  return (wanted & 1 << 30) != 0 ? (wanted >> 24 & 15) == calendar.weekday : (wanted >> 24 & 0x3F) == bcd(calendar.day);
}

/// The first tick of ck_apre in a second, from `first` on, at which the compared bits of the subseconds match.
std::uint64_t Rtc::tick_from(unsigned alarm, std::uint64_t first) const {
  const std::uint32_t wanted = value(subsecond_register(alarm)), bits = wanted >> 24 & 15;
  if (bits == 0) return first == 0 ? 0 : no_tick;
  const std::uint32_t mask = bits == 15 ? 0x7FFF : (1u << bits) - 1;
  for (std::uint64_t tick = first; tick <= synchronous(); ++tick)
    if ((((synchronous() - tick) ^ wanted) & mask) == 0) return tick;
  return no_tick;
}

void Rtc::schedule_alarm(unsigned alarm) {
  Alarm &own = alarms_[alarm];
  if ((value(CR) & ALRAE << alarm) == 0 || initialising() || rate_ == 0) return own.event.cancel();
  settle();
  Calendar calendar = calendar_;
  const std::uint64_t at = cycles(), step = asynchronous() + 1, whole = tick_from(alarm, 0);
  // The present second has begun already: only what is left of it counts.
  std::uint64_t begin = second_, tick = tick_from(alarm, at >= second_ ? (at - second_) / step + 1 : 1);
  for (unsigned seconds = 0; seconds < horizon; ++seconds, tick = whole) {
    own.matches = tick != no_tick && matches(alarm, calendar);
    if (own.matches) return own.event.at(time_of(begin + tick * step));
    calendar.advance(1, twelve());
    begin += second_cycles();
  }
  own.event.at(time_of(begin - 1));
}

void Rtc::schedule_alarms() {
  schedule_alarm(0);
  schedule_alarm(1);
}

void Rtc::ring(unsigned alarm) {
  if (alarms_[alarm].matches) set_bits(ISR, ALRAF << alarm);
  update_lines();
  schedule_alarm(alarm);
}

// ---- wake-up timer ----

void Rtc::write_wakeup(std::uint32_t data) {
  if ((value(ISR) & WUTWF) == 0) {
    if (!changes(WUTR, data)) return;
    return ignored("rtc_misuse", WUTR,
                   (value(CR) & WUTE) != 0
                       ? "while the wake-up timer is on: the write has no effect; clear RTC_CR.WUTE and wait until RTC_ISR.WUTWF is set (RM0090 26.3.5)"
                       : "before RTC_ISR.WUTWF is set: the write has no effect; after WUTE is cleared that takes about two periods of RTCCLK (RM0090 "
                         "26.3.5, 26.6.4)");
  }
  store(WUTR, data);
}

/// From one expiry to the next in periods of RTCCLK (26.6.3, WUCKSEL).
std::uint64_t Rtc::wakeup_period() const {
  const std::uint32_t source = value(CR) & WUCKSEL;
  const std::uint64_t count = std::uint64_t{value(WUTR) & 0xFFFF} + 1 + (source >= 6 ? 0x10000 : 0);
  return count * (source >= 4 ? second_cycles() : 16u >> source);
}

/// ck_spre counts at the calendar's seconds, so that the first period is cut short.
void Rtc::start_wakeup() {
  const std::uint32_t source = value(CR) & WUCKSEL;
  if (source == 3 && (value(WUTR) & 0xFFFF) == 0)
    ignored("rtc_bad_value", CR, "starts the wake-up timer with WUT = 0 at RTCCLK / 2, which is forbidden (RM0090 26.6.6)");
  settle();
  wakeup_ = (source >= 4 ? second_ : cycles()) + wakeup_period();
  schedule_wakeup();
}

void Rtc::schedule_wakeup() {
  const bool by_seconds = (value(CR) & 4) != 0;
  if ((value(CR) & WUTE) == 0 || rate_ == 0 || (by_seconds && initialising())) return expiry_.cancel();
  expiry_.at(time_of(wakeup_));
}

void Rtc::expire() {
  set_bits(ISR, WUTF);
  update_lines();
  wakeup_ += wakeup_period();
  schedule_wakeup();
}

// ---- requests ----

/// EXTI and PWR see edges: a flag that stays set asks once only (26.5, 5.3.6).
void Rtc::update_lines() {
  const std::uint32_t control = value(CR), status = value(ISR);
  // The enable bits lie four above those of the flags.
  const std::uint32_t asking = status & control >> 4 & (ALRAF | ALRAF << 1 | WUTF);
  const std::uint32_t risen = asking & ~lines_;
  lines_ = asking;
  if (auto *exti = board.find<Exti>("EXTI")) {
    exti->drive(alarm_line, (asking & (ALRAF | ALRAF << 1)) != 0);
    exti->drive(wakeup_line, (asking & WUTF) != 0);
  }
  if (auto *pwr = board.find<Pwr>("PWR"); pwr && risen != 0) pwr->wake();
}

}  // namespace board
