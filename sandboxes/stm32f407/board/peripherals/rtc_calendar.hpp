// The RTC's calendar: fields as RTC_TR and RTC_DR hold them, and how they go on (RM0090 26.3.2).
#pragma once

#include <cstdint>
#include <string>

namespace board {

struct Calendar {
  unsigned second = 0, minute = 0, hour = 0, day = 1, weekday = 1, month = 1, year = 0;
  bool afternoon = false;  // PM

  std::uint32_t time() const;  // as RTC_TR
  std::uint32_t date() const;  // as RTC_DR
  void set_time(std::uint32_t tr);
  void set_date(std::uint32_t dr);

  /// `twelve`: RTC_CR.FMT, hours from 1 to 12 with PM.
  void advance(std::uint64_t seconds, bool twelve);
  void next_hour(bool twelve);
  void previous_hour(bool twelve);

 private:
  void next_second(bool twelve);
  void next_day();
};

/// What is wrong with a value for RTC_TR, RTC_DR; "" if nothing is. Alarms share the fields of the time.
std::string wrong_with_time(std::uint32_t tr, bool twelve, bool seconds = true, bool minutes = true, bool hours = true);
std::string wrong_with_date(std::uint32_t dr);
std::uint32_t bcd(unsigned value);
/// The value of a BCD field, or UINT32_MAX if a digit is above 9.
unsigned from_bcd(std::uint32_t field);

}  // namespace board
