// The FSMC (RM0090 chapter 36): bank 1, four regions of 64 MB for SRAM, PSRAM, NOR flash and displays.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "external_device.hpp"

namespace board {

class Fsmc : public Peripheral {
 public:
  Fsmc(Board &board, const PeripheralInfo &info);

  static constexpr std::uint32_t memory_base = 0x60000000, memory_size = 0x10000000;  // bank 1 (36.4)
  static bool is_external(std::uint32_t address) { return address - memory_base < memory_size; }

  void write(std::uint32_t offset, std::uint32_t data) override;
  void reset() override;
  void report(nlohmann::json &report) override;

  /// An access of the core or of DMA to the memory behind the banks. False: the FSMC answers with an AHB error (36.3),
  /// and `refusal` says why.
  bool load_memory(std::uint32_t address, int size, std::uint32_t &value);
  bool store_memory(std::uint32_t address, int size, std::uint32_t value);
  const std::string &refusal() const { return refusal_; }
  /// May a loop that reads there be skipped?
  bool reads_are_pure(std::uint32_t address) const;
  /// The bytes of a memory that answers there as bytes in a row; nullptr if none does.
  std::uint8_t *bytes(std::uint32_t address, std::uint32_t size);
  /// Does a memory answer there, from which code could be run?
  bool holds_code(std::uint32_t address) { return bytes(address, 2) != nullptr; }

 private:
  static constexpr std::uint32_t nand_and_card = 0x60, write_timing = 0x104;
  static std::uint32_t control_at(int bank) { return static_cast<std::uint32_t>(bank) * 8; }
  static std::uint32_t timing_at(int bank) { return control_at(bank) + 4; }
  static int bank_of(std::uint32_t address) { return static_cast<int>(address >> 26 & 3); }

  struct Bank {
    std::unique_ptr<ExternalDevice> device;
    bool remarked = false;  // a mismatch, or that nothing is there, has been told
  };

  ExternalDevice *device(int bank) const { return banks_[static_cast<std::size_t>(bank)].device.get(); }
  /// Without a device nobody knows what is wired: what is missing is a note then.
  Severity severity(int bank) const { return device(bank) ? Severity::error : Severity::note; }
  std::uint32_t control(int bank) const { return value(control_at(bank)); }
  std::uint32_t width(int bank) const { return (control(bank) >> 4 & 3) == 1 ? 2 : 1; }
  bool answers(int bank, bool write);
  bool refuse(int bank, const std::string &why);
  void look_at_device(int bank, bool write);
  bool connected(int bank, bool write);
  std::uint32_t lines(int bank, std::uint32_t address);
  std::uint16_t data_lines(int bank);
  unsigned lanes(int bank, std::uint32_t address, std::uint32_t bytes);
  void remark_no_data(int bank, int line);
  void spend_time(int bank, bool write);
  void misuse(int bank, const std::string &text, Severity severity = Severity::error);
  void transfer(int bank, std::uint32_t address, std::uint32_t bytes, bool write, std::uint32_t &value);

  std::array<Bank, 4> banks_;
  std::array<Signal *, 4> select_;
  std::array<Signal *, 16> data_;
  std::array<Signal *, 26> address_;
  Signal &read_, &write_, &valid_;
  std::array<Signal *, 2> lane_;
  std::string refusal_;
};

}  // namespace board
