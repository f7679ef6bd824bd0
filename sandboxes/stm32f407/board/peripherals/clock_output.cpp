#include "clock_output.hpp"

namespace board {
namespace {

/// 7.2.10: what the pins can follow.
constexpr std::uint32_t fastest_hz = 100'000'000;

}  // namespace

ClockOutput::ClockOutput(Board &board, const std::string &signal)
    : board_(board), signal_(board.pins.signal(signal)), edge_(board.events, [this] { edge(); }) {
  signal_.on_route = [this] { restart(); };
}

void ClockOutput::set(std::uint32_t hz, std::uint32_t divider) {
  if (hz == hz_ && divider == divider_) return;
  settle();
  hz_ = hz;
  divider_ = divider;
  restart();
}

/// The pin has got the signal or lost it, or the rate is another.
void ClockOutput::restart() {
  edge_.cancel();
  done_ = 0;
  origin_ = board_.now();
  if (!signal_.routed()) return signal_.release();
  signal_.drive(false);
  if (hz_ == 0) return;
  if (hz_ / divider_ > fastest_hz) {
    Finding finding;
    finding.kind = "clock_too_fast";
    finding.text = signal_.name() + " puts " + std::to_string(hz_ / divider_) + " Hz on P" + pin_name(signal_.pins().back()) +
                   ": the pins follow up to 100 MHz (RM0090 7.2.10)";
    finding.peripheral = "RCC", finding.register_name = "CFGR";
    board_.findings.add(std::move(finding));
  }
  edge_.at(time_of(1));
}

/// The source runs with a duty of one half; so does what is divided.
Time ClockOutput::time_of(std::uint64_t edge) const { return later(origin_, periods(edge * divider_, 2 * std::uint64_t{hz_})); }

void ClockOutput::edge() {
  signal_.drive(++done_ % 2 != 0);
  if (seen()) edge_.at(time_of(done_ + 1));
}

bool ClockOutput::seen() const {
  for (const Pin pin : signal_.pins())
    if (!board_.pins.log(pin).full() || board_.pins.connected(pin).size() > 1) return true;
  return false;
}

void ClockOutput::settle() {
  if (hz_ == 0 || edge_.scheduled() || !signal_.routed()) return;
  const std::uint64_t passed = count_periods(board_.now() - origin_, 2 * std::uint64_t{hz_}) / divider_;
  if (passed <= done_) return;
  const std::uint64_t rising = (passed + 1) / 2 - (done_ + 1) / 2, falling = passed / 2 - done_ / 2;
  const bool level = passed % 2 != 0, before = done_ % 2 != 0;
  for (const Pin pin : signal_.pins()) {
    PinLog &log = board_.pins.log(pin);
    // The last change of the level is made and logged by the pin itself.
    log.rising += rising - (level && !before ? 1 : 0);
    log.falling += falling - (before && !level ? 1 : 0);
  }
  done_ = passed;
  signal_.drive(level);
}

}  // namespace board
