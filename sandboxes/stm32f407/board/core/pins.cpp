#include "pins.hpp"

#include <algorithm>
#include <cctype>

#include "board.hpp"

namespace board {

std::string pin_name(Pin pin) { return std::string(1, static_cast<char>('A' + pin / 16)) + std::to_string(pin % 16); }

Pin parse_pin(const std::string &name) {
  std::string rest = name;
  if (rest.size() > 2 && std::toupper(static_cast<unsigned char>(rest[0])) == 'P' &&
      std::isalpha(static_cast<unsigned char>(rest[1])))
    rest.erase(0, 1);
  if (rest.size() < 2 || rest.size() > 3) return -1;
  const int port = std::toupper(static_cast<unsigned char>(rest[0])) - 'A';
  int number = 0;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (!std::isdigit(static_cast<unsigned char>(rest[i]))) return -1;
    number = number * 10 + rest[i] - '0';
  }
  return port < 0 || port > 8 || number > 15 ? -1 : port * 16 + number;
}

Pins::Pins(Board &board) : board_(board) {
  for (const auto &row : alternate_table())
    carried_[{(row.port - 'A') * 16 + row.pin, row.function}].push_back(&signal(row.signal));
}

Signal &Pins::signal(const std::string &name) {
  auto &slot = signals_[name];
  if (!slot) slot.reset(new Signal(*this, name));
  return *slot;
}

const std::vector<Signal *> &Pins::carried(Pin pin, int function) {
  static const std::vector<Signal *> none;
  const auto found = carried_.find({pin, function});
  return found == carried_.end() ? none : found->second;
}

void Pins::configure(Pin pin, const PinSettings &settings, bool by_software) {
  Net &net = nets_[pin];
  if (net.settings == settings) return;
  const bool routing = net.settings.mode != settings.mode || net.settings.function != settings.function;
  net.settings = settings;
  net.used |= by_software;
  if (routing) route(pin);
  resolve(pin);
}

/// Recomputes which signals the pin carries.
void Pins::route(Pin pin) {
  Net &net = nets_[pin];
  const auto wanted = net.settings.mode == PinMode::alternate ? carried(pin, net.settings.function) : std::vector<Signal *>{};
  const auto old = net.signals;
  net.signals = wanted;
  for (Signal *signal : old)
    if (std::find(wanted.begin(), wanted.end(), signal) == wanted.end()) {
      signal->pins_.erase(std::remove(signal->pins_.begin(), signal->pins_.end(), pin), signal->pins_.end());
      if (signal->on_route) signal->on_route();
    }
  for (Signal *signal : wanted) {
    if (std::find(old.begin(), old.end(), signal) != old.end()) continue;
    signal->pins_.push_back(pin);
    signal->complained_ = false;
    if (signal->on_route) signal->on_route();
    if (net.level == signal->last_level_) continue;
    signal->last_level_ = net.level;
    if (signal->on_change) signal->on_change(net.level);
  }
}

void Pins::drive_external(Pin pin, bool level) {
  nets_[pin].external = level;
  nets_[pin].used = true;
  resolve(pin);
}

void Pins::release_external(Pin pin) {
  nets_[pin].external.reset();
  resolve(pin);
}

void Pins::pull_up_external(Pin pin) {
  nets_[pin].external_pull_up = true;
  resolve(pin);
}

void Pins::wire(Pin a, Pin b) {
  if (a == b) return;
  nets_[a].wires.push_back(b);
  nets_[b].wires.push_back(a);
  resolve(a);
}

std::vector<Pin> Pins::connected(Pin pin) const {
  std::vector<Pin> all{pin};
  for (std::size_t i = 0; i < all.size(); ++i)
    for (Pin next : nets_[all[i]].wires)
      if (std::find(all.begin(), all.end(), next) == all.end()) all.push_back(next);
  return all;
}

Pins::Drive Pins::drive_of(Pin pin) const {
  const Net &net = nets_[pin];
  const PinSettings &settings = net.settings;
  Drive drive;
  const auto push = [&](bool level) {
    if (level ? !settings.open_drain : true) (level ? drive.high : drive.low) = true;
  };
  if (net.external) (*net.external ? drive.high : drive.low) = true;
  if (settings.mode == PinMode::output) push(settings.output);
  if (settings.mode == PinMode::alternate)
    for (const Signal *signal : net.signals)
      if (signal->driven_) push(*signal->driven_);
  // In analog mode the pulls are off by hardware (RM0090 8.3.12).
  if (settings.mode != PinMode::analog) {
    drive.pull_up = settings.pull == 1;
    drive.pull_down = settings.pull == 2;
  }
  drive.pull_up |= net.external_pull_up;
  return drive;
}

void Pins::resolve(Pin pin) {
  const Net &net = nets_[pin];
  Drive drive = drive_of(pin);
  if (!net.wires.empty()) {
    for (Pin other : connected(pin)) {
      const Drive more = drive_of(other);
      drive.high |= more.high, drive.low |= more.low;
      drive.pull_up |= more.pull_up, drive.pull_down |= more.pull_down;
    }
  }
  // Two drivers that disagree: low wins (the stronger transistor); the level would be undefined.
  const bool driven = drive.high || drive.low, pulled = drive.pull_up || drive.pull_down;
  const bool level = driven ? !drive.low : drive.pull_up;
  if (net.wires.empty()) return apply(pin, level, !driven && !pulled);
  for (Pin other : connected(pin)) apply(other, level, !driven && !pulled);
}

void Pins::apply(Pin pin, bool level, bool floating) {
  Net &net = nets_[pin];
  net.floating = floating;
  if (net.level == level) return;
  net.level = level;
  PinLog &log = logs_[pin];
  ++(level ? log.rising : log.falling);
  const Time now = board_.now();
  if (!log.full()) log.edges.emplace_back(now, level);
  for (auto &observer : net.observers) observer(level);
  for (auto &observer : observers_) observer(pin, level);
  for (Signal *signal : std::vector<Signal *>(net.signals)) {
    if (signal->last_level_ == level) continue;
    signal->last_level_ = level;
    if (signal->on_change) signal->on_change(level);
  }
}

void Pins::observe(Pin pin, std::function<void(bool)> observer) { nets_[pin].observers.push_back(std::move(observer)); }

std::string Pins::describe(Pin pin) const {
  static const char *const modes[] = {"an input", "a general-purpose output", "", "analog"};
  const PinSettings &settings = nets_[pin].settings;
  if (settings.mode != PinMode::alternate) return modes[static_cast<int>(settings.mode)];
  std::string text = "AF" + std::to_string(settings.function);
  if (nets_[pin].signals.empty()) return text + " (no signal there)";
  text += " (";
  for (const Signal *signal : nets_[pin].signals) text += (text.back() == '(' ? "" : ", ") + signal->name();
  return text + ")";
}

void Signal::drive(bool level) {
  if (driven_ == level) return;
  driven_ = level;
  for (Pin pin : std::vector<Pin>(pins_)) owner_.resolve(pin);
}

void Signal::release() {
  if (!driven_) return;
  driven_.reset();
  for (Pin pin : std::vector<Pin>(pins_)) owner_.resolve(pin);
}

bool Signal::level(bool unrouted) const { return pins_.empty() ? unrouted : owner_.level(pins_.back()); }

bool Signal::require(const std::string &what, Severity severity) {
  if (routed()) return true;
  if (complained_) return false;
  complained_ = true;
  std::string possible, alternate, others;
  for (const auto &row : alternate_table()) {
    if (row.signal != name_) continue;
    const Pin pin = (row.port - 'A') * 16 + row.pin;
    possible += (possible.empty() ? "P" : ", P") + pin_name(pin) + " (AF" + std::to_string(row.function) + ")";
    if (!owner_.used(pin)) continue;
    const bool wrong = owner_.settings(pin).mode == PinMode::alternate;
    auto &list = wrong ? alternate : others;
    list += (list.empty() ? "P" : ", P") + pin_name(pin) + " is " + owner_.describe(pin);
  }
  Finding finding;
  finding.severity = severity;
  finding.kind = alternate.empty() ? "pin_not_configured" : "wrong_alternate_function";
  finding.text = what + ", but no pin carries " + name_ + ": it can be on " + possible;
  if (!alternate.empty() || !others.empty())
    finding.text += "; " + alternate + (alternate.empty() || others.empty() ? "" : ", ") + others;
  finding.text += " (GPIOx_MODER = alternate, GPIOx_AFRL/AFRH: RM0090 8.3.2, 8.4; datasheet table 9)";
  finding.peripheral = name_.substr(0, name_.find('_'));
  owner_.board_.findings.add(std::move(finding));
  return false;
}

}  // namespace board
