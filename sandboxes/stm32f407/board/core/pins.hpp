// Pins as nets: who drives them, what level they have, which peripheral signal they carry.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "findings.hpp"
#include "tables.hpp"
#include "time.hpp"

namespace board {

class Board;
class Pins;

/// 0..143: port A..I times 16 plus the pin's number.
using Pin = int;
inline constexpr int pin_count = 9 * 16;
/// "A5" (as plans and reports write it); "PA5" in texts.
std::string pin_name(Pin pin);
/// From "A5", "PA5" or "pa5"; -1 if it names no pin.
Pin parse_pin(const std::string &name);

enum class PinMode : std::uint8_t { input = 0, output = 1, alternate = 2, analog = 3 };

/// What a GPIO port's registers say about one pin.
struct PinSettings {
  PinMode mode = PinMode::input;
  bool open_drain = false;
  std::uint8_t pull = 0;      // 0 none, 1 up, 2 down
  std::uint8_t function = 0;  // alternate function number
  bool output = false;        // ODR
  bool operator==(const PinSettings &) const = default;
};

/// A peripheral's signal ("SPI1_SCK", "TIM3_CH1"), which the firmware may route to one or more pins.
class Signal {
 public:
  /// Drives the signal: every pin that carries it takes the level.
  void drive(bool level);
  /// Stops driving (the pins float, as when a timer's output is disabled: CCxE = 0).
  void release();
  /// The pins that carry it now (mode alternate with the right function number).
  const std::vector<Pin> &pins() const { return pins_; }
  bool routed() const { return !pins_.empty(); }
  /// The level of the pin that carries it; `unrouted` if none does.
  bool level(bool unrouted = false) const;
  /// Called with the new level when the pin that carries it changes, whoever drives it; also when routing changes it.
  std::function<void(bool)> on_change;
  /// Called after a pin has begun or ceased to carry it.
  std::function<void()> on_route;
  /// Reports `wrong_alternate_function` or `pin_not_configured` unless a pin carries the signal. Call it at the moment
  /// the peripheral really uses the signal (first frame sent, counter started with the output enabled), with what it does:
  /// require("USART2 transmits"). Says which pins could carry it, and what they are set to. Once per signal until routed.
  bool require(const std::string &what, Severity severity = Severity::error);
  const std::string &name() const { return name_; }

 private:
  friend class Pins;
  Signal(Pins &owner, std::string name) : owner_(owner), name_(std::move(name)) {}

  Pins &owner_;
  std::string name_;
  std::vector<Pin> pins_;
  std::optional<bool> driven_;
  bool last_level_ = false;
  bool complained_ = false;
};

/// Edges of one pin, kept for the report.
struct PinLog {
  std::uint64_t rising = 0, falling = 0;
  bool watched = false;
  std::vector<std::pair<Time, bool>> edges;  // the first 4096
  bool full() const { return edges.size() >= 4096; }
};

class Pins {
 public:
  explicit Pins(Board &board);

  /// The signal of that name, made on first use.
  Signal &signal(const std::string &name);
  /// What a pin's alternate function carries ("USART2_TX"), "" if nothing. Several names are possible ("I2S2_CK/SPI2_SCK").
  const std::vector<Signal *> &carried(Pin pin, int function);

  /// For GPIO: a pin's registers changed, by software or by a reset.
  void configure(Pin pin, const PinSettings &settings, bool by_software = true);
  const PinSettings &settings(Pin pin) const { return nets_[pin].settings; }
  /// From the outside world (plan, scripted devices): drive, or stop driving.
  void drive_external(Pin pin, bool level);
  void release_external(Pin pin);
  /// A resistor outside the chip (I2C lines): weaker than any drive.
  void pull_up_external(Pin pin);
  /// Connects two pins by a wire.
  void wire(Pin a, Pin b);
  /// All pins on the same wire, the pin itself included.
  std::vector<Pin> connected(Pin pin) const;

  /// The level as the input sees it. A pin that nobody drives and no pull holds reads low.
  bool level(Pin pin) const { return nets_[pin].level; }
  /// True if nobody drives the pin and no pull holds it.
  bool floating(Pin pin) const { return nets_[pin].floating; }
  /// Called after a pin's level changed (EXTI, external devices): (pin, new level).
  void observe(Pin pin, std::function<void(bool)> observer);
  void observe_all(std::function<void(Pin, bool)> observer) { observers_.push_back(std::move(observer)); }

  PinLog &log(Pin pin) { return logs_[pin]; }
  bool used(Pin pin) const { return nets_[pin].used; }

 private:
  friend class Signal;
  struct Net {
    PinSettings settings;
    std::optional<bool> external;
    bool external_pull_up = false;
    std::vector<Pin> wires;
    std::vector<Signal *> signals;  // that it carries now
    std::vector<std::function<void(bool)>> observers;
    bool level = false, floating = true, used = false;
  };
  struct Drive {
    bool high = false, low = false, pull_up = false, pull_down = false;
  };

  void route(Pin pin);
  void resolve(Pin pin);
  void apply(Pin pin, bool level, bool floating);
  Drive drive_of(Pin pin) const;
  std::string describe(Pin pin) const;

  Board &board_;
  std::array<Net, pin_count> nets_;
  std::array<PinLog, pin_count> logs_;
  std::map<std::string, std::unique_ptr<Signal>> signals_;
  std::map<std::pair<Pin, int>, std::vector<Signal *>> carried_;
  std::vector<std::function<void(Pin, bool)>> observers_;
};

}  // namespace board
