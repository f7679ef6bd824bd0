#include "rtc_calendar.hpp"

namespace board {
namespace {

unsigned month_length(unsigned month, unsigned year) {
  if (month == 2) return year % 4 == 0 ? 29 : 28;  // 2000 to 2099: every fourth year
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/// Tens and units, whatever the digits are: the counters hold what was written to them.
unsigned digits(std::uint32_t field) { return (field >> 4) * 10 + (field & 15); }

std::string out_of_range(const char *what, std::uint32_t field, unsigned least, unsigned most) {
  const unsigned value = from_bcd(field);
  if (value >= least && value <= most) return "";
  static const char symbols[] = "0123456789abcdef";
  const std::string shown = {'0', 'x', symbols[field >> 4 & 15], symbols[field & 15]};
  return std::string("the field of the ") + what + " is " + shown + ", which is not BCD of " + std::to_string(least) + " to " + std::to_string(most);
}

}  // namespace

std::uint32_t bcd(unsigned value) { return value / 10 << 4 | value % 10; }

unsigned from_bcd(std::uint32_t field) { return (field & 15) > 9 || field >> 4 > 9 ? UINT32_MAX : digits(field); }

std::uint32_t Calendar::time() const {
  return bcd(second) | bcd(minute) << 8 | bcd(hour) << 16 | (afternoon ? 1u << 22 : 0);
}

std::uint32_t Calendar::date() const { return bcd(day) | bcd(month) << 8 | weekday << 13 | bcd(year) << 16; }

void Calendar::set_time(std::uint32_t tr) {
  second = digits(tr & 0x7F), minute = digits(tr >> 8 & 0x7F), hour = digits(tr >> 16 & 0x3F);
  afternoon = (tr & 1 << 22) != 0;
}

void Calendar::set_date(std::uint32_t dr) {
  day = digits(dr & 0x3F), month = digits(dr >> 8 & 0x1F), weekday = dr >> 13 & 7, year = digits(dr >> 16 & 0xFF);
}

void Calendar::next_day() {
  weekday = weekday >= 7 ? 1 : weekday + 1;
  if (++day <= month_length(month, year)) return;
  day = 1;
  if (++month <= 12) return;
  month = 1;
  year = year >= 99 ? 0 : year + 1;
}

void Calendar::next_hour(bool twelve) {
  if (!twelve) {
    if (++hour < 24) return;
    hour = 0;
    return next_day();
  }
  hour = hour >= 12 ? 1 : hour + 1;
  if (hour != 12) return;
  afternoon = !afternoon;
  if (!afternoon) next_day();
}

/// The hour back that ends summer time: without effect in the first hour of the day, the date stays (26.6.3, SUB1H).
void Calendar::previous_hour(bool twelve) {
  if (!twelve) {
    if (hour > 0) --hour;
    return;
  }
  if (hour == 12 && !afternoon) return;
  if (hour == 12) afternoon = false;
  hour = hour <= 1 ? 12 : hour - 1;
}

void Calendar::next_second(bool twelve) {
  if (++second < 60) return;
  second = 0;
  if (++minute < 60) return;
  minute = 0;
  next_hour(twelve);
}

void Calendar::advance(std::uint64_t seconds, bool twelve) {
  for (; seconds > 0; --seconds) {
    // Whole minutes at once, where nothing but seconds goes by.
    if (second < 59 && seconds > 1) {
      const std::uint64_t step = seconds < 59 - second ? seconds : 59 - second;
      second += static_cast<unsigned>(step);
      seconds -= step - 1;
      continue;
    }
    next_second(twelve);
  }
}

std::string wrong_with_time(std::uint32_t tr, bool twelve, bool seconds, bool minutes, bool hours) {
  std::string wrong;
  if (seconds) wrong = out_of_range("seconds", tr & 0x7F, 0, 59);
  if (minutes && wrong.empty()) wrong = out_of_range("minutes", tr >> 8 & 0x7F, 0, 59);
  if (hours && wrong.empty()) wrong = out_of_range("hours", tr >> 16 & 0x3F, twelve ? 1 : 0, twelve ? 12 : 23);
  return wrong;
}

std::string wrong_with_date(std::uint32_t dr) {
  std::string wrong = out_of_range("days", dr & 0x3F, 1, 31);
  if (wrong.empty()) wrong = out_of_range("months", dr >> 8 & 0x1F, 1, 12);
  if (wrong.empty()) wrong = out_of_range("years", dr >> 16 & 0xFF, 0, 99);
  return wrong;
}

}  // namespace board
