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
  /// The independent watchdog runs: LSI cannot be off (7.2.9).
  void force_lsi();
  /// The rate of RTCCLK while the oscillators are at those of `clocks`.
  std::uint32_t rtc_clock(const Clocks &clocks) const;
  /// Why the RTC will not get a clock as things are; "" if it has one or its source is starting.
  std::string rtc_missing() const;
  /// BDRST holds the backup domain in reset.
  bool backup_in_reset() const { return (value(0x70) & 1 << 16) != 0; }

 private:
  void ready(std::uint32_t offset, std::uint32_t on, std::uint32_t flag, int interrupt_bit);
  void start_if_needed(Event &event, std::uint32_t on, std::uint32_t flag, Time delay);
  void start_lsi();
  void write_cr(std::uint32_t data);
  void write_pll(std::uint32_t offset, std::uint32_t data, std::uint32_t on, const char *name);
  void write_backup(std::uint32_t data);
  std::uint32_t rtc_source(std::uint32_t wanted);
  void check_pll(bool from_hse);
  void check_limits();
  void update_clocks();
  void update_outputs();
  std::uint32_t plli2s_output() const;
  void update_interrupt();
  std::uint32_t pll_output(std::uint32_t divider) const;
  std::uint32_t used_oscillators() const;

  std::uint32_t hse_hz_;
  bool lsi_forced_ = false;
  Event hsi_ready_, hse_ready_, pll_ready_, i2s_ready_, lsi_ready_, lse_ready_;
  std::unique_ptr<ClockOutput> mco1_, mco2_;
};

}  // namespace board
