// RCC: reset and clock control.
#pragma once

#include <memory>

#include "../peripheral.hpp"

namespace board {

class ClockOutput;

class Rcc : public Peripheral {
 public:
  Rcc(Board &board, const PeripheralInfo &info);
  ~Rcc() override;
  void reset() override;
  std::uint32_t read(std::uint32_t offset) override;
  void write(std::uint32_t offset, std::uint32_t data) override;
  void report(nlohmann::json &report) override;

  /// HSI drives the system after stop mode, HSE and the PLLs are off (RM0090 5.3.4).
  void wake_from_stop();

 private:
  void ready(std::uint32_t offset, std::uint32_t on, std::uint32_t flag, int interrupt_bit);
  void start_if_needed(Event &event, std::uint32_t on, std::uint32_t flag, Time delay);
  void write_cr(std::uint32_t data);
  void write_pll(std::uint32_t offset, std::uint32_t data, std::uint32_t on, const char *name);
  void write_backup(std::uint32_t data);
  void check_pll(bool from_hse);
  void check_limits();
  void update_clocks();
  void update_outputs();
  std::uint32_t plli2s_output() const;
  void update_interrupt();
  std::uint32_t pll_output(std::uint32_t divider) const;
  std::uint32_t used_oscillators() const;

  std::uint32_t hse_hz_;
  Event hsi_ready_, hse_ready_, pll_ready_, i2s_ready_, lsi_ready_, lse_ready_;
  std::unique_ptr<ClockOutput> mco1_, mco2_;
};

}  // namespace board
