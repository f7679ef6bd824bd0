// PWR: regulator scale and backup domain protection (RM0090 chapter 5).
#pragma once

#include "../peripheral.hpp"

namespace board {

class Pwr : public Peripheral {
 public:
  using Peripheral::Peripheral;
  void reset() override;
  void write(std::uint32_t offset, std::uint32_t data) override;
  /// DBP: RCC_BDCR, RTC and backup registers may be written.
  bool backup_writable() const { return (value(0) & 1 << 8) != 0; }
  /// VOS: up to 168 MHz; else up to 144 MHz.
  bool scale_one() const { return (value(0) & 1 << 14) != 0; }
};

}  // namespace board
