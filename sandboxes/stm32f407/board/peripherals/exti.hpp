// EXTI: edges of pins, of other units and of software to interrupts and events (RM0090 chapter 12).
#pragma once

#include "../peripheral.hpp"

namespace board {

class Exti : public Peripheral {
 public:
  Exti(Board &board, const PeripheralInfo &info);
  void reset() override;
  void write(std::uint32_t offset, std::uint32_t data) override;
  void report(nlohmann::json &report) override;

  /// The level of a line that comes from inside the chip (12.2.5): 17 RTC alarms, 21 tamper and timestamp, 22 RTC wake-up.
  void drive(unsigned line, bool level);
  /// Does a line request an interrupt?
  bool pending() const { return (value(0x14) & value(0x00)) != 0; }

 private:
  void edge(Pin pin, bool level);
  void trigger(std::uint32_t lines);
  void update();
  void note(const char *kind, const std::string &vector, const std::string &text, std::uint32_t offset);

  static constexpr std::size_t vector_count = 14;
  int numbers_[vector_count] = {};
  std::uint32_t ever_unmasked_ = 0, levels_ = 0, missed_ = 0;
};

}  // namespace board
