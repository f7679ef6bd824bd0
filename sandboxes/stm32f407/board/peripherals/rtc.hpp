// RTC: calendar, alarms, wake-up timer and backup registers, in the backup domain (RM0090 chapter 26).
#pragma once

#include "../peripheral.hpp"
#include "rtc_calendar.hpp"

namespace board {

class Exti;
class Pwr;

class Rtc : public Peripheral {
 public:
  Rtc(Board &board, const PeripheralInfo &info);
  void reset() override;
  std::uint32_t read(std::uint32_t offset) override;
  void write(std::uint32_t offset, std::uint32_t data) override;
  std::uint32_t peek(std::uint32_t offset) override;
  Time stable_until(std::uint32_t offset) override;
  void clock_changed() override;
  void report(nlohmann::json &report) override;
  /// BDCR.BDRST.
  void reset_backup();
  /// Are flags set whose interrupts are enabled? The next edge will not be seen then.
  bool asks() const { return lines_ != 0; }
  /// Are flags of alarms or the wake-up timer set at all?
  bool flagged() const { return (value(0x0C) & 0x700) != 0; }

 private:
  /// The three registers of the calendar.
  struct Snapshot {
    std::uint32_t time = 0, date = 0x2101, subsecond = 0;
  };
  struct Alarm {
    Alarm(EventQueue &queue, std::function<void()> action) : event(queue, std::move(action)) {}
    Event event;
    bool matches = false;  // else the event only looks further
  };

  // Time: periods of RTCCLK, counted since power-on; those without a clock do not count.
  std::uint64_t cycles() const;
  Time time_of(std::uint64_t cycle) const;
  Time soon(std::uint64_t cycles) const;
  std::uint32_t synchronous() const;
  std::uint32_t asynchronous() const;
  std::uint64_t second_cycles() const;
  bool initialising() const;
  bool twelve() const;
  void settle();
  Snapshot now() const;
  Snapshot shadow() const;

  // Registers.
  bool refused(std::uint32_t offset, std::uint32_t data);
  bool changes(std::uint32_t offset, std::uint32_t data);
  void ignored(const char *kind, std::uint32_t offset, const std::string &why, Severity severity = Severity::error);
  void write_key(std::uint32_t key);
  void write_status(std::uint32_t data);
  void write_control(std::uint32_t data);
  void write_calendar(std::uint32_t offset, std::uint32_t data);
  void check_calendar();
  void tell_at(std::uint32_t pc, const char *kind, std::uint32_t offset, const std::string &text, Severity severity);
  void write_prescaler(std::uint32_t data);
  void write_alarm(std::uint32_t offset, std::uint32_t data);
  void write_wakeup(std::uint32_t data);
  void write_extra(std::uint32_t offset, std::uint32_t data);
  std::uint32_t read_calendar(std::uint32_t offset);
  void check_fresh(std::uint32_t offset, std::uint32_t shown, std::uint32_t live);
  void check_clock(std::uint32_t offset, const char *what, Severity severity);

  // Initialization mode and what crosses to the domain of RTCCLK.
  void enter_init();
  void leave_init();
  void synchronise();
  void copied();
  void pend(Event &event, bool wanted, std::uint64_t cycles = 2);

  // Alarms and the wake-up timer (rtc_alarms.cpp).
  bool matches(unsigned alarm, const Calendar &calendar) const;
  std::uint64_t tick_from(unsigned alarm, std::uint64_t first) const;
  void schedule_alarm(unsigned alarm);
  void schedule_alarms();
  void ring(unsigned alarm);
  void check_alarm(unsigned alarm);
  std::uint64_t wakeup_period() const;
  void start_wakeup();
  void schedule_wakeup();
  void expire();
  void update_lines();

  std::uint32_t rate_ = 0;  // of RTCCLK
  Time origin_ = 0, changed_at_ = 0;
  std::uint64_t cycles_ = 0;  // at origin_
  std::uint64_t second_ = 0;  // the cycle at which the second of calendar_ began
  Calendar calendar_;
  // What TR, DR and SSR show: the calendar, unless it has not been copied since something stopped the copying.
  Snapshot kept_;
  bool fresh_ = false, stopped_ = false;
  // Reading SSR locks TR and DR, reading TR locks DR, until DR is read.
  Snapshot locked_;
  bool time_locked_ = false, date_locked_ = false, time_seen_ = false;

  unsigned keys_ = 0;  // 2: unlocked
  unsigned prescaler_writes_ = 0;
  std::uint32_t prescaler_before_ = 0, prescaler_pc_ = 0;
  std::uint32_t written_[2] = {};  // TR, DR: the instruction that wrote it in this initialization
  std::uint64_t wakeup_ = 0;  // the cycle of the next expiry
  std::uint32_t lines_ = 0;   // that are high
  Event init_, copy_, wakeup_writable_, alarm_writable_[2];
  Alarm alarms_[2];
  Event expiry_;
};

// Registers and bits, for both files of the model.
namespace rtc {
enum : std::uint32_t {
  TR = 0x00, DR = 0x04, CR = 0x08, ISR = 0x0C, PRER = 0x10, WUTR = 0x14, CALIBR = 0x18, ALRMAR = 0x1C, ALRMBR = 0x20, WPR = 0x24,
  SSR = 0x28, SHIFTR = 0x2C, TSTR = 0x30, TSDR = 0x34, TSSSR = 0x38, CALR = 0x3C, TAFCR = 0x40, ALRMASSR = 0x44, ALRMBSSR = 0x48, BKP0R = 0x50
};
// CR; the bits of alarm B are those of alarm A, shifted by one.
enum : std::uint32_t {
  WUCKSEL = 7, REFCKON = 1 << 4, BYPSHAD = 1 << 5, FMT = 1 << 6, DCE = 1 << 7, ALRAE = 1 << 8, WUTE = 1 << 10, TSE = 1 << 11,
  ALRAIE = 1 << 12, WUTIE = 1 << 14, ADD1H = 1 << 16, SUB1H = 1 << 17, OSEL = 3 << 21, COE = 1 << 23
};
// ISR.
enum : std::uint32_t {
  ALRAWF = 1 << 0, WUTWF = 1 << 2, INITS = 1 << 4, RSF = 1 << 5, INITF = 1 << 6, INIT = 1 << 7, ALRAF = 1 << 8, WUTF = 1 << 10, FLAGS = 0x7F00
};
}  // namespace rtc

}  // namespace board
