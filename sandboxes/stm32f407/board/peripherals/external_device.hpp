// What the plan puts behind a bank of the FSMC: a memory chip or a display's controller.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../peripheral.hpp"

namespace board {

/// A device with a parallel bus. An address is what the lines A0… carry: a word's number on a bus of 16 bits.
class ExternalDevice {
 public:
  explicit ExternalDevice(int bits) : bits_(bits) {}
  virtual ~ExternalDevice() = default;

  /// Data lines that it has: 8 or 16; 0 until `settle`, if the plan leaves it open.
  int bits() const { return bits_; }
  /// The first access: what is left open is as the region's bus is.
  void settle(int bits) {
    if (bits_ == 0) bits_ = bits;
  }
  /// The address lines that it looks at, as a mask.
  virtual std::uint32_t address_lines() const = 0;
  virtual std::uint16_t read(std::uint32_t address) = 0;
  /// `lanes`: bit 0 for D0..D7, bit 1 for D8..D15.
  virtual void write(std::uint32_t address, std::uint16_t data, unsigned lanes) = 0;
  /// Has a read a side effect?
  virtual bool reads_are_pure() const = 0;
  /// Its bytes from an offset in the bank on, where it is a memory that holds them all.
  virtual std::uint8_t *bytes(std::uint32_t, std::uint32_t) { return nullptr; }
  virtual nlohmann::json report(const nlohmann::json &asked) const = 0;

 private:
  int bits_;
};

/// Static RAM. Address lines beyond its size lead nowhere: it appears again and again in the bank.
class Sram : public ExternalDevice {
 public:
  explicit Sram(const nlohmann::json &plan);
  std::uint32_t address_lines() const override { return static_cast<std::uint32_t>(bytes_.size()) / width() - 1; }
  std::uint16_t read(std::uint32_t address) override;
  void write(std::uint32_t address, std::uint16_t data, unsigned lanes) override;
  bool reads_are_pure() const override { return true; }
  std::uint8_t *bytes(std::uint32_t offset, std::uint32_t size) override;
  nlohmann::json report(const nlohmann::json &asked) const override;

 private:
  std::uint32_t width() const { return static_cast<std::uint32_t>(bits()) / 8; }
  std::vector<std::uint8_t> bytes_;
};

/// A display's controller with an 8080 bus: an address line selects between commands and their parameters. Commands are
/// logged; those of the MIPI command set that fill a window (0x2A, 0x2B, 0x2C, 0x36, 0x3A, 0x3C) draw on an image.
class Display : public ExternalDevice {
 public:
  Display(Board &board, const nlohmann::json &plan);
  std::uint32_t address_lines() const override { return 1u << select_line_; }
  std::uint16_t read(std::uint32_t address) override;
  void write(std::uint32_t address, std::uint16_t data, unsigned lanes) override;
  bool reads_are_pure() const override { return false; }
  nlohmann::json report(const nlohmann::json &asked) const override;
  bool never_got_data() const { return !log_.empty() && parameters_seen_ == 0; }
  int select_line() const { return select_line_; }

 private:
  struct Command {
    std::uint16_t code;
    std::vector<std::uint16_t> parameters;
    std::uint64_t pixels = 0;
  };
  struct Range {
    std::uint32_t first, last;
  };

  /// Is the present command in the log, which has an end?
  bool logged() const { return !log_.empty() && commands_ == log_.size(); }
  void begin(std::uint16_t code);
  void parameter(std::uint16_t data);
  void apply(const Command &command);
  void pixel_data(std::uint16_t data);
  void put(std::uint16_t colour);
  /// Where in the image a pixel lies with the orientation of now; SIZE_MAX: outside.
  std::size_t place(std::uint32_t x, std::uint32_t y) const;

  Board &board_;
  const int select_line_;
  const std::uint32_t width_, height_;
  std::map<std::uint16_t, std::vector<std::uint16_t>> replies_;
  std::vector<std::uint16_t> image_;
  std::vector<Command> log_;
  Command now_{0, {}, 0};
  bool drawing_ = false;
  Range columns_, rows_;
  std::uint32_t x_ = 0, y_ = 0;
  std::uint16_t orientation_ = 0;  // MADCTL
  int pixel_bytes_ = 2, collected_ = 0;
  std::array<std::uint8_t, 3> parts_{};
  std::size_t reply_ = 0;
  std::uint64_t parameters_seen_ = 0, pixels_ = 0, outside_ = 0, commands_ = 0, reads_ = 0;
};

std::unique_ptr<ExternalDevice> make_external_device(Board &board, const nlohmann::json &plan);

}  // namespace board
