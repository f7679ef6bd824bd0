// GPIO ports (RM0090 chapter 8).
#include "../peripheral.hpp"

namespace board {
namespace {

enum : std::uint32_t { MODER = 0x00, OTYPER = 0x04, OSPEEDR = 0x08, PUPDR = 0x0C, IDR = 0x10, ODR = 0x14, BSRR = 0x18, LCKR = 0x1C,
                       AFRL = 0x20, AFRH = 0x24 };

class Gpio : public Peripheral {
 public:
  Gpio(Board &b, const PeripheralInfo &info) : Peripheral(b, info), first_((info.name[4] - 'A') * 16) { configure_all(false); }

  void reset() override {
    Peripheral::reset();
    lock_steps_ = 0;
    configure_all(false);
  }

  std::uint32_t read(std::uint32_t offset) override {
    if (offset == LCKR && lock_steps_ == 3) set_bits(LCKR, 1 << 16), lock_steps_ = 4;  // 8.3.6: the last read activates
    return peek(offset);
  }

  std::uint32_t peek(std::uint32_t offset) override {
    if (offset == IDR) return levels();
    return offset == BSRR ? 0 : value(offset);
  }

  void write(std::uint32_t offset, std::uint32_t data) override {
    switch (offset) {
      case BSRR: return output((value(ODR) & ~(data >> 16)) | (data & 0xFFFF));  // set wins over reset
      case ODR: return output(data & 0xFFFF);
      case LCKR: return write_lock(data);
      case IDR: return;
      default: break;
    }
    store(offset, unlocked(offset, data));
    configure_all(true);
  }

  void report(nlohmann::json &) override {
    for (int i = 0; i < 16; ++i) {
      if (unseen_[i] < 2 || ever_output_ >> i & 1) continue;
      Finding finding;
      finding.kind = "pin_not_configured";
      finding.text = "the output bit of P" + pin_name(first_ + i) + " was changed " + std::to_string(unseen_[i]) +
                     " times, but the pin was never an output (GPIO" + info().name[4] + "_MODER bits " + std::to_string(2 * i + 1) +
                     ":" + std::to_string(2 * i) + " must be 01; RM0090 8.4.1)";
      finding.peripheral = info().name, finding.register_name = "MODER", finding.address = info().base;
      board.findings.add_at(unseen_pc_[i], std::move(finding));
    }
  }

 private:
  PinSettings settings(int i) const {
    PinSettings pin;
    pin.mode = static_cast<PinMode>(value(MODER) >> 2 * i & 3);
    pin.open_drain = (value(OTYPER) >> i & 1) != 0;
    pin.pull = static_cast<std::uint8_t>(value(PUPDR) >> 2 * i & 3);
    pin.function = static_cast<std::uint8_t>(value(i < 8 ? AFRL : AFRH) >> 4 * (i % 8) & 15);
    pin.output = (value(ODR) >> i & 1) != 0;
    return pin;
  }

  void configure_all(bool by_software) {
    for (int i = 0; i < 16; ++i) {
      const PinSettings pin = settings(i);
      if (pin.mode != PinMode::input) ever_output_ |= 1u << i;
      board.pins.configure(first_ + i, pin, by_software);
    }
  }

  void output(std::uint32_t next) {
    const std::uint32_t changed = next ^ value(ODR);
    set(ODR, next);
    // One pin at a time that is no output: perhaps a mistake (see report). Whole-port writes touch unused pins by nature.
    const bool single = changed != 0 && (changed & (changed - 1)) == 0;
    for (int i = 0; i < 16; ++i) {
      if ((changed >> i & 1) == 0) continue;
      const PinSettings pin = settings(i);
      if (single && pin.mode == PinMode::input && unseen_[i]++ == 0) unseen_pc_[i] = board.pc();
      board.pins.configure(first_ + i, pin);
    }
  }

  std::uint32_t levels() const {
    std::uint32_t levels = 0;
    for (int i = 0; i < 16; ++i)
      if (board.pins.level(first_ + i) && (value(MODER) >> 2 * i & 3) != 3) levels |= 1u << i;  // analog reads 0 (8.3.12)
    return levels;
  }

  /// The lock sequence: LCKK with 1, 0, 1 and the same pins, then a read (8.3.6).
  void write_lock(std::uint32_t data) {
    if ((value(LCKR) & 1 << 16) != 0) return;
    const bool key = (data & 1 << 16) != 0;
    if (lock_steps_ > 0 && (data & 0xFFFF) != value(LCKR)) lock_steps_ = 0;
    lock_steps_ = key == (lock_steps_ % 2 == 0) && lock_steps_ < 3 ? lock_steps_ + 1 : 0;
    set(LCKR, data & 0xFFFF);
  }

  /// Keeps the configuration of locked pins.
  std::uint32_t unlocked(std::uint32_t offset, std::uint32_t data) {
    if ((value(LCKR) & 1 << 16) == 0) return data;
    std::uint32_t keep = 0;
    for (int i = 0; i < 16; ++i) {
      if ((value(LCKR) >> i & 1) == 0) continue;
      if (offset == OTYPER) keep |= 1u << i;
      if (offset == MODER || offset == OSPEEDR || offset == PUPDR) keep |= 3u << 2 * i;
      if (offset == (i < 8 ? AFRL : AFRH)) keep |= 15u << 4 * (i % 8);
    }
    if (((data ^ value(offset)) & keep) != 0)
      finding("gpio_locked", std::string("write to ") + info().at(offset)->name + " of a locked pin has no effect until the next reset (RM0090 8.3.6)", offset);
    return (data & ~keep) | (value(offset) & keep);
  }

  const Pin first_;
  int lock_steps_ = 0;
  std::uint32_t ever_output_ = 0;
  unsigned unseen_[16] = {};
  std::uint32_t unseen_pc_[16] = {};
};

}  // namespace

std::unique_ptr<Peripheral> make_gpio(Board &board, const PeripheralInfo &info) { return std::make_unique<Gpio>(board, info); }

}  // namespace board
