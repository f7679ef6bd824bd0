// PWR: regulator scale, backup domain protection, standby mode and what ends it (RM0090 chapter 5).
#pragma once

#include "../peripheral.hpp"

namespace board {

class Pwr : public Peripheral {
 public:
  Pwr(Board &board, const PeripheralInfo &info);
  void reset() override;
  void write(std::uint32_t offset, std::uint32_t data) override;
  /// DBP: RCC_BDCR, RTC and backup registers may be written.
  bool backup_writable() const { return (value(0) & 1 << 8) != 0; }
  /// VOS: up to 168 MHz; else up to 144 MHz.
  bool scale_one() const { return (value(0) & 1 << 14) != 0; }
  /// BRE: the backup SRAM keeps its contents in standby mode.
  bool backup_regulator() const { return (value(4) & 1 << 9) != 0; }
  /// PDDS: deep sleep is standby mode, not stop mode.
  bool standby_chosen() const { return (value(0) & 1 << 1) != 0; }

  /// The device has gone to standby mode.
  void enter_standby();
  /// An edge of the WKUP pin or of an RTC event: sets WUF and ends standby mode (5.4.2).
  void wake();

 private:
  void watch_pin(bool level);
  void tell(const std::string &text, Severity severity);

  bool standby_ = false;
  Event woken_;
};

}  // namespace board
