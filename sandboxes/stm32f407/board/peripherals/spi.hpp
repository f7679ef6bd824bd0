// SPI1, SPI2, SPI3 (RM0090 chapter 28) in SPI mode, master and slave, bit by bit on the pins. I2S mode: i2s.hpp.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "../peripheral.hpp"

namespace board {

/// A device on the bus that the plan scripts: chosen by a pin (low), it answers with a list of bytes or is a file of
/// registers (first byte: bit 7 reads, the rest is the address, which counts up).
class SpiDevice {
 public:
  SpiDevice(Board &board, const nlohmann::json &plan);

  bool selected() const;
  /// The byte that it puts out next. With a clock mode other than its own it is shifted by one bit.
  std::uint8_t reply(int mode);
  /// The clock mode (2 CPOL + CPHA) that it works in; -1: any.
  int mode() const { return mode_; }
  std::string select() const { return select_pin_ < 0 ? std::string() : pin_name(select_pin_); }
  /// The byte that the master has sent meanwhile.
  void received(std::uint8_t byte);
  nlohmann::json report() const;

 private:
  void begin();

  Board &board_;
  int select_pin_ = -1, mode_ = -1;
  bool has_registers_ = false, addressed_ = false, reading_ = false;
  std::vector<std::uint8_t> data_;
  std::size_t position_ = 0;
  std::vector<std::vector<std::uint8_t>> transactions_;
};

class I2s;

class Spi : public Peripheral {
 public:
  Spi(Board &board, const PeripheralInfo &info);
  ~Spi() override;

  std::uint32_t read(std::uint32_t offset) override;
  void write(std::uint32_t offset, std::uint32_t data) override;
  std::uint32_t peek(std::uint32_t offset) override { return value(offset); }
  Time stable_until(std::uint32_t offset) override;
  void reset() override;
  void clock_changed() override;
  void gate_changed(bool on) override;
  void report(nlohmann::json &report) override;

 private:
  friend class I2s;
  enum Offset : std::uint32_t { CR1 = 0x00, CR2 = 0x04, SR = 0x08, DR = 0x0C, I2SCFGR = 0x1C, I2SPR = 0x20 };

  bool master() const { return value(CR1) >> 2 & 1; }
  bool audio() const { return value(I2SCFGR) >> 11 & 1; }
  bool enabled() const { return (value(CR1) >> 6 & 1) && !audio(); }
  int bits() const { return value(CR1) >> 11 & 1 ? 16 : 8; }
  bool second_edge() const { return value(CR1) & 1; }
  bool idle_level() const { return value(CR1) >> 1 & 1; }
  bool one_wire() const { return value(CR1) >> 15 & 1; }
  bool receives() const { return !one_wire() || (value(CR1) >> 14 & 1) == 0; }
  bool only_receives() const { return (value(CR1) >> 10 & 1) || (one_wire() && (value(CR1) >> 14 & 1) == 0); }
  Time half_bit() const;

  void write_control(std::uint32_t data);
  void check_mode_fault();
  void connect();
  void refresh();
  void check_started();
  void load_frame();
  void check_mode(const SpiDevice &device);
  void clock_edge();
  void finish_frame();
  void put_bit();
  void take_bit();
  bool input_level() const;
  SpiDevice *device() const;
  void slave_clock(bool level);
  bool slave_selected() const;

  Signal &sck_, &miso_, &mosi_, &nss_;
  DmaRequest &rx_dma_, &tx_dma_;
  const int irq_;
  Event edge_;
  Event check_;
  std::uint32_t written_at_ = 0;  // the instruction that wrote DR while the unit was off
  std::uint32_t mode_set_at_ = 0;  // the instruction that chose the clock's mode
  std::vector<std::unique_ptr<SpiDevice>> devices_;
  bool devices_made_ = false;
  bool transmit_full_ = false;   // a word waits in the transmit buffer
  std::uint16_t transmit_ = 0, receive_ = 0, shift_out_ = 0, shift_in_ = 0, device_bits_ = 0;
  int half_ = 0;                 // edges of the present frame that have passed
  bool shifting_ = false, data_read_ = false, fault_read_ = false;
  std::uint64_t frames_ = 0;
  std::unique_ptr<I2s> i2s_;  // SPI1 has none
};

}  // namespace board
