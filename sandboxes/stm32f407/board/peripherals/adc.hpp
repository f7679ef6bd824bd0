// ADC1, ADC2, ADC3 and what they share (RM0090 chapter 13).
#pragma once

#include <array>
#include <vector>

#include "../peripheral.hpp"

namespace board {

class Adc : public Peripheral {
 public:
  Adc(Board &board, const PeripheralInfo &info);

  std::uint32_t read(std::uint32_t offset) override;
  void write(std::uint32_t offset, std::uint32_t data) override;
  std::uint32_t peek(std::uint32_t offset) override { return value(offset); }
  Time stable_until(std::uint32_t offset) override { return offset == DR ? board.now() : never; }
  void reset() override;
  void gate_changed(bool on) override;
  void clock_changed() override;

  enum Offset : std::uint32_t {
    SR = 0x00, CR1 = 0x04, CR2 = 0x08, SMPR1 = 0x0C, SMPR2 = 0x10, JOFR1 = 0x14, HTR = 0x24, LTR = 0x28, SQR1 = 0x2C,
    SQR2 = 0x30, SQR3 = 0x34, JSQR = 0x38, JDR1 = 0x3C, DR = 0x4C,
  };
  std::uint32_t status() const { return value(SR); }
  std::uint32_t data() const { return value(DR); }

 private:
  enum class Group : std::uint8_t { none, regular, injected };

  void write_cr2(std::uint32_t data);
  void connect_trigger();
  void triggered(std::uint32_t source, bool rising);
  bool may_start(const char *bit);
  void start(Group group);
  void convert();
  void finish();
  void regular_result(std::uint32_t result);
  void injected_result(std::uint32_t result);
  void watchdog(std::uint32_t result, bool injected);
  void overrun();
  void refresh();
  int channel() const;
  int regular_length() const;
  int injected_length() const;
  Time duration(int channel) const;
  std::uint32_t sample(int channel);
  double millivolts(int channel);
  Pin pin_of(int channel) const;

  const int number_, irq_;
  DmaRequest &dma_;
  Event done_;
  Group running_ = Group::none, waiting_ = Group::none;
  int position_ = 0, discontinuous_ = 0;
  Time ready_at_ = 0;
  bool unread_ = false, dma_over_ = false;
  std::array<bool, 32> connected_{};
};

/// CSR, CCR and CDR at 0x40012300.
class AdcCommon : public Peripheral {
 public:
  using Peripheral::Peripheral;
  std::uint32_t read(std::uint32_t offset) override;
  void write(std::uint32_t offset, std::uint32_t data) override;
  std::uint32_t peek(std::uint32_t offset) override;
  Time stable_until(std::uint32_t) override { return never; }

  enum Offset : std::uint32_t { CSR = 0x00, CCR = 0x04, CDR = 0x08 };
  /// ADCPRE: PCLK2 is divided by 2, 4, 6 or 8.
  std::uint32_t divider() const { return 2 * ((value(CCR) >> 16 & 3) + 1); }
  bool internal_channels() const { return value(CCR) >> 23 & 1; }
  bool battery_channel() const { return value(CCR) >> 22 & 1; }

 private:
  bool reachable(const char *action, std::uint32_t offset);
};

}  // namespace board
