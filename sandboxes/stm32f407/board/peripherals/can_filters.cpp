// The filter banks of bxCAN (RM0090 32.7.4).
#include "can.hpp"

namespace board {
namespace {

constexpr std::uint32_t fmr = 0x200, fm1r = 0x204, fs1r = 0x20C, ffa1r = 0x214, fa1r = 0x21C, first_bank = 0x240;
constexpr int banks = 28;

/// How a 16-bit filter sees an identifier: STID, RTR, IDE, EXID[17:15].
std::uint32_t short_form(const CanFrame &frame) {
  const std::uint32_t base = frame.extended ? frame.id >> 18 : frame.id, top = frame.extended ? frame.id >> 15 & 7 : 0;
  return base << 5 | (frame.remote ? 16u : 0u) | (frame.extended ? 8u : 0u) | top;
}

struct Bank {
  std::uint32_t first, second;
  bool list, wide;
  int filters() const { return (wide ? 1 : 2) * (list ? 2 : 1); }
  bool matches(int filter, const CanFrame &frame) const {
    if (wide) {
      const std::uint32_t id = frame.identifier_register();
      if (list) return ((filter == 0 ? first : second) & ~1u) == id;
      return ((first ^ id) & second & ~1u) == 0;
    }
    const std::uint32_t id = short_form(frame);
    if (list) return ((filter < 2 ? first : second) >> 16 * (filter % 2) & 0xFFFF) == id;
    const std::uint32_t word = filter == 0 ? first : second;
    return ((word ^ id) & word >> 16 & 0xFFFF) == 0;
  }
};

/// CAN2SB is where CAN2's banks begin. The manual leaves none to CAN1 when it is 0; chips let CAN1 use them all the same, and much
/// code that writes 0 to FMR in the end lives on it (`receive` tells).
std::pair<int, int> range(Peripheral &can1, bool second) {
  const int split = static_cast<int>(can1.peek(fmr) >> 8 & 0x3F);
  return second ? std::pair{split, banks} : std::pair{0, split == 0 || split > banks ? banks : split};
}

}  // namespace

bool any_filter(Peripheral &can1, bool second) {
  const auto [from, to] = range(can1, second);
  for (int bank = from; bank < to; ++bank)
    if (can1.peek(fa1r) >> bank & 1) return true;
  return false;
}

/// Of several that match, 32-bit filters come before 16-bit ones, lists before masks, then the lower number.
std::optional<CanMatch> match_filters(Peripheral &can1, bool second, const CanFrame &frame) {
  const auto [from, to] = range(can1, second);
  std::optional<CanMatch> best;
  int best_class = -1;
  int numbers[2] = {0, 0};  // counted per FIFO, active or not
  for (int n = from; n < to; ++n) {
    const auto bit = [&](std::uint32_t offset) { return (can1.peek(offset) >> n & 1) != 0; };
    const auto at = first_bank + 8 * static_cast<std::uint32_t>(n);
    const Bank bank{can1.peek(at), can1.peek(at + 4), bit(fm1r), bit(fs1r)};
    const int fifo = bit(ffa1r) ? 1 : 0, rank = (bank.wide ? 2 : 0) + (bank.list ? 1 : 0);
    for (int filter = 0; bit(fa1r) && filter < bank.filters(); ++filter) {
      if (rank <= best_class || !bank.matches(filter, frame)) continue;
      best_class = rank;
      best = CanMatch{fifo, static_cast<std::uint8_t>(numbers[fifo] + filter)};
    }
    numbers[fifo] += bank.filters();
  }
  return best;
}

}  // namespace board
