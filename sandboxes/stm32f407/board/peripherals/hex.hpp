// Bytes as hexadecimal text, as plans and reports hold them.
#pragma once

#include <cctype>
#include <cstdint>
#include <string>
#include <vector>

namespace board {

/// The bytes of a text of hexadecimal digits; everything else in it is skipped.
inline std::vector<std::uint8_t> from_hex(const std::string &text) {
  std::vector<std::uint8_t> out;
  int high = -1;
  for (const char c : text) {
    const int low = std::tolower(static_cast<unsigned char>(c));
    const int digit = low >= '0' && low <= '9' ? low - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
    if (digit < 0) continue;
    if (high < 0) {
      high = digit;
    } else {
      out.push_back(static_cast<std::uint8_t>(high * 16 + digit));
      high = -1;
    }
  }
  return out;
}

inline std::string to_hex(const std::vector<std::uint8_t> &bytes) {
  static const char digits[] = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t byte : bytes) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

/// "usart2" for "USART2": the names under which plans and reports list a unit.
inline std::string plan_name(std::string name) {
  for (char &c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

}  // namespace board
