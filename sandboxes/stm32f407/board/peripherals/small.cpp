// Units with a handful of registers: CRC (RM0090 chapter 4), RNG (24), DBGMCU (38.16).
#include "../peripheral.hpp"

namespace board {
namespace {

class Crc : public Peripheral {
 public:
  using Peripheral::Peripheral;

  void write(std::uint32_t offset, std::uint32_t data) override {
    if (offset == 0x00) {  // DR: CRC-32 with polynomial 0x04C11DB7, not reflected, no final inversion (4.2)
      std::uint32_t crc = value(0x00) ^ data;
      for (int i = 0; i < 32; ++i) crc = crc << 1 ^ ((crc & 1u << 31) != 0 ? 0x04C11DB7u : 0);
      return set(0x00, crc);
    }
    if (offset == 0x04) return set(0x04, data & 0xFF);  // IDR keeps through a reset of the unit by CR
    if ((data & 1) != 0) set(0x00, 0xFFFFFFFF);
  }
};

class Rng : public Peripheral {
 public:
  Rng(Board &b, const PeripheralInfo &info) : Peripheral(b, info), next_(b.events, [this] { produce(); }) {}

  void reset() override {
    Peripheral::reset();
    next_.cancel();
    seen_ = false;
    update();
  }

  std::uint32_t read(std::uint32_t offset) override {
    if (offset != 0x08) return value(offset);
    const std::uint32_t data = value(0x08);
    if ((value(0x04) & 1) == 0 && (value(0x00) & 4) != 0)
      finding("rng_misuse", "RNG_DR read while RNG_SR.DRDY is 0: the value is not random (RM0090 24.3.1)", 0x08);
    clear_bits(0x04, 1);
    update();
    start();
    return data;
  }

  void write(std::uint32_t offset, std::uint32_t data) override {
    if (offset == 0x04) return clear_bits(0x04, ~data & 0x60);
    store(offset, data);
    if ((value(0x00) & 4) == 0) return next_.cancel();
    if (board.clocks.pll48 == 0 && !seen_) {
      seen_ = true;
      finding("rng_misuse", "the RNG is enabled without its 48 MHz clock: the PLL must run, and PLLQ divide its VCO to 48 MHz (RM0090 7.3.2, 24.3)", 0x00);
    }
    start();
  }

  Time stable_until(std::uint32_t offset) override { return offset == 0x08 ? board.now() : never; }

 private:
  void start() {
    // 40 periods of the 48 MHz clock for each number (24.3.1).
    if ((value(0x00) & 4) != 0 && (value(0x04) & 1) == 0 && !next_.scheduled() && board.clocks.pll48 != 0)
      next_.at(board.now() + periods(40, board.clocks.pll48));
  }
  void produce() {
    state_ ^= state_ << 13, state_ ^= state_ >> 17, state_ ^= state_ << 5;  // deterministic: runs must repeat
    set(0x08, state_);
    set_bits(0x04, 1);
    update();
  }
  void update() { interrupt(Board::irq("HASH_RNG"), (value(0x04) & 1) != 0 && (value(0x00) & 8) != 0); }

  Event next_;
  std::uint32_t state_ = 0x2545F491;
  bool seen_ = false;
};

class Dbgmcu : public Peripheral {
 public:
  using Peripheral::Peripheral;
  std::uint32_t read(std::uint32_t offset) override { return offset == 0 ? 0x10076413 : value(offset); }  // revision Z
};

}  // namespace

std::unique_ptr<Peripheral> make_crc(Board &board, const PeripheralInfo &info) { return std::make_unique<Crc>(board, info); }
std::unique_ptr<Peripheral> make_rng(Board &board, const PeripheralInfo &info) { return std::make_unique<Rng>(board, info); }
std::unique_ptr<Peripheral> make_dbgmcu(Board &board, const PeripheralInfo &info) { return std::make_unique<Dbgmcu>(board, info); }

}  // namespace board
