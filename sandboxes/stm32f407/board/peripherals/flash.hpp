// FLASH: wait states, and programming and erasing by software (RM0090 chapter 3).
#pragma once

#include "../core/cpu.hpp"
#include "../peripheral.hpp"

namespace board {

class Flash : public Peripheral {
 public:
  Flash(Board &board, const PeripheralInfo &info);
  void reset() override;
  void write(std::uint32_t offset, std::uint32_t data) override;
  /// Reports `flash_wait_states` if ACR.LATENCY is too small for HCLK.
  void check_wait_states();

 private:
  void write_key(std::uint32_t key);
  void write_control(std::uint32_t data);
  void erase(std::uint32_t control);
  bool refuses(const BadAccess &access);
  void program(const BadAccess &access);
  void finish();

  unsigned keys_ = 0;  // 0 none, 1 first key given, 2 refused until reset
  // The finding of the last store that was refused.
  static constexpr std::size_t nowhere = Findings::nowhere;
  std::size_t refused_ = nowhere;
  std::uint32_t refused_pc_ = 0;
  bool refused_null_ = false;
  Event done_;
};

}  // namespace board
