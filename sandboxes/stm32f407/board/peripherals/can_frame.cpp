#include "can_frame.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "hex.hpp"

namespace board {

std::uint64_t CanFrame::rank() const {
  if (!extended) return std::uint64_t{id} << 21 | std::uint64_t{remote} << 20;
  // SRR and IDE are recessive, where a standard frame has RTR and a dominant IDE.
  return std::uint64_t{id >> 18} << 21 | 3u << 19 | std::uint64_t{id & 0x3FFFF} << 1 | std::uint64_t{remote};
}

unsigned CanFrame::bits() const {
  std::vector<bool> bits;
  const auto put = [&bits](std::uint32_t value, int count) {
    for (int n = count - 1; n >= 0; --n) bits.push_back(value >> n & 1);
  };
  put(0, 1);  // start of frame
  if (extended) {
    put(id >> 18, 11), put(3, 2), put(id & 0x3FFFF, 18), put(remote, 1), put(0, 2);
  } else {
    put(id, 11), put(remote, 1), put(0, 2);
  }
  put(length & 15u, 4);
  for (unsigned n = 0; n < bytes(); ++n) put(data[n], 8);
  std::uint32_t crc = 0;
  for (const bool bit : bits) {
    const bool feedback = bit != ((crc >> 14 & 1) != 0);
    crc = crc << 1 & 0x7FFF;
    if (feedback) crc ^= 0x4599;
  }
  put(crc, 15);
  // After five equal bits comes one of the other kind, which counts itself.
  unsigned stuffed = 0, run = 0;
  bool last = true;
  for (const bool bit : bits) {
    run = bit == last ? run + 1 : 1;
    last = bit;
    if (run == 5) ++stuffed, run = 1, last = !last;
  }
  constexpr unsigned tail = 1 + 1 + 1 + 7;  // CRC delimiter, acknowledge slot and delimiter, end of frame
  return static_cast<unsigned>(bits.size()) + stuffed + tail;
}

std::uint32_t CanFrame::identifier_register() const {
  return (extended ? id << 3 | 4 : id << 21) | (remote ? 2 : 0);
}

CanFrame CanFrame::from_registers(std::uint32_t identifier, std::uint32_t length, std::uint32_t low, std::uint32_t high) {
  CanFrame frame;
  frame.extended = (identifier & 4) != 0;
  frame.remote = (identifier & 2) != 0;
  frame.id = frame.extended ? identifier >> 3 : identifier >> 21;
  frame.length = length & 15;
  for (unsigned n = 0; n < 8; ++n) frame.data[n] = static_cast<std::uint8_t>((n < 4 ? low : high) >> 8 * (n % 4));
  return frame;
}

std::uint32_t CanFrame::word(unsigned index) const {
  std::uint32_t word = 0;
  for (unsigned n = 0; n < 4; ++n) word |= std::uint32_t{data[4 * index + n]} << 8 * n;
  return word;
}

nlohmann::json CanFrame::report() const {
  return {{"id", id}, {"extended", extended}, {"remote", remote}, {"length", length},
          {"data", to_hex(std::vector<std::uint8_t>(data.begin(), data.begin() + bytes()))}};
}

}  // namespace board
