// A frame on the CAN bus (RM0090 32.7.7, figure of the frame formats; ISO 11898-1).
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>

namespace board {

struct CanFrame {
  std::uint32_t id = 0;  // 11 or 29 bits
  bool extended = false, remote = false;
  std::uint8_t length = 0;  // the code that was sent; above 8 it means 8
  std::array<std::uint8_t, 8> data{};

  unsigned bytes() const { return remote ? 0 : length > 8 ? 8 : length; }
  /// What arbitration compares, bit by bit: the lower one wins.
  std::uint64_t rank() const;
  /// Its bits on the bus from the start of the frame to the end, stuffed.
  unsigned bits() const;
  /// As TIxR and RIxR hold identifier, IDE and RTR.
  std::uint32_t identifier_register() const;
  static CanFrame from_registers(std::uint32_t identifier, std::uint32_t length, std::uint32_t low, std::uint32_t high);
  std::uint32_t word(unsigned index) const;
  nlohmann::json report() const;
};

}  // namespace board
