// IWDG (RM0090 chapter 21) and WWDG (chapter 22).
#include <algorithm>

#include "../peripheral.hpp"
#include "rcc.hpp"

namespace board {
namespace {

constexpr std::uint32_t lsi = 32'000;  // the IWDG switches LSI on by itself

class Iwdg : public Peripheral {
 public:
  Iwdg(Board &owner, const PeripheralInfo &info)
      : Peripheral(owner, info),
        expiry_(owner.events, [this] { board.request_reset("iwdg"); }),
        updated_(owner.events, [this] { set(SR, 0); }) {}

  std::uint32_t read(std::uint32_t offset) override { return offset == KR ? 0 : value(offset); }

  void write(std::uint32_t offset, std::uint32_t data) override {
    if (offset == KR) return key(data & 0xFFFF);
    if (offset != PR && offset != RLR) return;
    if (!unlocked_) {
      finding("watchdog_misuse",
              std::string(offset == PR ? "IWDG_PR" : "IWDG_RLR") + " is written while it is protected: the write has no effect; write "
              "0x5555 to IWDG_KR first (RM0090 21.3.2)",
              offset);
      return;
    }
    store(offset, data);
    set_bits(SR, offset == PR ? 1 : 2);  // the new value crosses to the LSI domain: up to 5 of its periods (21.4.4)
    updated_.at(later(board.now(), periods(5, lsi)));
  }

  void reset() override {
    Peripheral::reset();
    expiry_.cancel();
    updated_.cancel();
    unlocked_ = started_ = false;
  }

 private:
  enum Offset : std::uint32_t { KR = 0x00, PR = 0x04, RLR = 0x08, SR = 0x0C };

  void key(std::uint32_t word) {
    unlocked_ = word == 0x5555;
    if (word == 0xCCCC) {
      started_ = true;
      if (auto *rcc = board.find<Rcc>("RCC")) rcc->force_lsi();
    }
    if (started_ && (word == 0xCCCC || word == 0xAAAA)) {
      const std::uint64_t count = std::uint64_t{value(RLR)} + 1;
      expiry_.at(later(board.now(), periods(count * (4u << std::min(6u, value(PR))), lsi)));
    }
  }

  bool unlocked_ = false, started_ = false;
  Event expiry_, updated_;
};

class Wwdg : public Peripheral {
 public:
  Wwdg(Board &owner, const PeripheralInfo &info)
      : Peripheral(owner, info), irq_(Board::irq("WWDG")), step_(owner.events, [this] { next(); }) {}

  std::uint32_t read(std::uint32_t offset) override { return offset == CR ? (value(CR) & 0x80) | count() : value(offset); }
  std::uint32_t peek(std::uint32_t offset) override { return read(offset); }

  void write(std::uint32_t offset, std::uint32_t data) override {
    if (offset == CR) return write_control(data);
    if (offset == SR) {
      if ((data & 1) == 0) set(SR, 0);  // rc_w0
    } else {
      const std::uint32_t left = count();
      store(offset, data);
      set_bits(CFR, data & 0x200);
      restart(left);
    }
    refresh();
  }

  Time stable_until(std::uint32_t offset) override {
    return offset == CR && running() ? later(origin_, periods((ticks() + 1) * period(), std::max(1u, bus_clock()))) : never;
  }

  void reset() override {
    Peripheral::reset();
    step_.cancel();
    refresh();
  }

  void clock_will_change() override { kept_ = count(); }
  void clock_changed() override { restart(kept_); }
  void gate_changed(bool on) override {
    if (!on) step_.cancel();
    else restart(value(CR) & 0x7F);
  }

 private:
  enum Offset : std::uint32_t { CR = 0x00, CFR = 0x04, SR = 0x08 };

  bool running() const { return value(CR) & 0x80; }
  /// Periods of PCLK1 from one count to the next (22.4).
  std::uint64_t period() const { return std::uint64_t{4096} << (value(CFR) >> 7 & 3); }
  std::uint64_t ticks() const { return count_periods(board.now() - origin_, std::max(1u, bus_clock())) / period(); }
  std::uint32_t count() const {
    if (!running() || !clocked()) return value(CR) & 0x7F;
    return static_cast<std::uint32_t>((value(CR) & 0x7F) - std::min<std::uint64_t>(ticks(), value(CR) & 0x7F));
  }

  void write_control(std::uint32_t data) {
    const std::uint32_t left = count();
    const bool was_running = running();
    if (was_running && left > (value(CFR) & 0x7F)) {
      finding("watchdog_reset",
              "WWDG is refreshed too early: the counter is at " + std::to_string(left) + ", above the window of " +
                  std::to_string(value(CFR) & 0x7F) + " in CFR, which resets the device (RM0090 22.4)",
              CR);
      board.request_reset("wwdg");
      return;
    }
    set(CR, (value(CR) & 0x80) | (data & 0xFF));
    restart(data & 0x7F);
    if (running() && (data & 0x40) == 0) board.request_reset("wwdg");
  }

  void restart(std::uint32_t from) {
    set(CR, (value(CR) & 0x80) | (from & 0x7F));
    origin_ = board.now();
    if (!running() || !clocked()) return step_.cancel();
    const std::uint32_t target = (value(SR) & 1) == 0 && from > 0x40 ? 0x40 : 0x3F;
    step_.at(later(origin_, periods(period() * (from > target ? from - target : 0), std::max(1u, bus_clock()))));
  }

  void next() {
    if (count() <= 0x3F) return board.request_reset("wwdg");
    set_bits(SR, 1);  // early wakeup at 0x40
    refresh();
    restart(count());
  }

  void refresh() { interrupt(irq_, (value(SR) & 1) != 0 && (value(CFR) & 0x200) != 0); }

  const int irq_;
  Time origin_ = 0;
  std::uint32_t kept_ = 0x7F;
  Event step_;
};

}  // namespace

std::unique_ptr<Peripheral> make_iwdg(Board &board, const PeripheralInfo &info) { return std::make_unique<Iwdg>(board, info); }
std::unique_ptr<Peripheral> make_wwdg(Board &board, const PeripheralInfo &info) { return std::make_unique<Wwdg>(board, info); }

}  // namespace board
