// Timers: compare and capture channels (RM0090 18.3.4 to 18.3.9).
#include <algorithm>

#include "timer.hpp"

namespace board {
namespace {

enum Mode : std::uint32_t { frozen, set_active, set_inactive, toggle, force_inactive, force_active, pwm1, pwm2 };

}  // namespace

/// The byte of CCMR1/CCMR2 that belongs to a channel: CCxS, OCxFE/ICxPSC, OCxPE, OCxM/ICxF, OCxCE.
std::uint32_t Timer::mode_bits(int channel) const {
  return value(channel < 2 ? CCMR1 : CCMR2) >> (8 * (channel & 1)) & 0xFF;
}

/// The phases at which the counter meets the compare value; how many there are.
int Timer::matching_phases(int channel, std::array<std::uint64_t, 2> &phases) const {
  const std::uint64_t compare = channels_[static_cast<std::size_t>(channel)].compare, reload = counter_.reload();
  switch (counter_.direction()) {
    case TimerCounter::Direction::up:
      // Above the reload value the match is taken at the overflow (18.4.5, CC1IF).
      phases[0] = compare > reload && !counter_.beyond() ? 0 : compare;
      return 1;
    case TimerCounter::Direction::down:
      phases[0] = compare > reload ? 0 : reload - compare;
      return 1;
    default:
      if (compare > reload) return 0;
      phases[0] = compare;
      phases[1] = compare == 0 ? 0 : 2 * reload - compare;
      return phases[0] == phases[1] ? 1 : 2;
  }
}

/// Compare matches in the ticks after `from` up to `to`.
void Timer::matches(std::uint64_t from, std::uint64_t to) {
  for (int n = 0; n < channels(); ++n) {
    if (is_input(n)) continue;
    std::array<std::uint64_t, 2> phases;
    const int count = matching_phases(n, phases);
    std::uint64_t times = 0;
    for (int k = 0; k < count; ++k) {
      // CMS = 1 flags matches on the way down, 2 on the way up, 3 both (18.4.1).
      const std::uint32_t cms = field(CR1, 5, 2);
      if (count == 2 && cms != 3 && (cms == 1) != (k == 1)) continue;
      times += counter_.passes(from, to, phases[static_cast<std::size_t>(k)]);
    }
    if (times > 0) matched(n, times);
  }
}

void Timer::matched(int n, std::uint64_t times) {
  Channel &channel = channels_[static_cast<std::size_t>(n)];
  raise(2u << n);
  if (bit(DIER, 9 + n)) ask(channel.dma);
  switch (compare_mode(n)) {
    case set_active: channel.reference = true; break;
    case set_inactive: channel.reference = false; break;
    case toggle:
      if (times & 1) channel.reference = !channel.reference;
      for (const auto &listener : channel.listeners) listener(channel.reference);
      if (field(CR2, 4, 3) == 4u + static_cast<std::uint32_t>(n) && channel.reference) trigger_output();
      break;
    default: break;
  }
  if (n == 0 && field(CR2, 4, 3) == 3) trigger_output();
}

/// Does anybody see the moment of a match?
bool Timer::needs_matches(int n) const {
  const bool flag = value(SR) >> (n + 1) & 1;
  const std::uint32_t master = field(CR2, 4, 3), mode = compare_mode(n);
  const bool moves = mode != frozen && mode != force_active && mode != force_inactive;
  return (bit(DIER, n + 1) && !flag) || bit(DIER, 9 + n) || (master == 3 && n == 0) ||
         (moves && (enabled(n) || (advanced_ && n < 3 && bit(CCER, 4 * n + 2)) || master == 4u + static_cast<std::uint32_t>(n) ||
                    !channels_[static_cast<std::size_t>(n)].listeners.empty()));
}

/// OCxREF by the mode and where the counter stands (18.3.7, 18.3.9).
bool Timer::reference_now(int n) const {
  const Channel &channel = channels_[static_cast<std::size_t>(n)];
  const std::uint64_t count = counter_.count_at(done_);
  const bool active = counter_.descending_at(done_) ? count <= channel.compare : count < channel.compare;
  switch (compare_mode(n)) {
    case force_active: return true;
    case force_inactive: return false;
    case pwm1: return active;
    case pwm2: return !active;
    default: return channel.reference;
  }
}

void Timer::outputs() {
  for (int n = 0; n < channels(); ++n) {
    if (is_input(n)) continue;
    Channel &channel = channels_[static_cast<std::size_t>(n)];
    const bool before = channel.reference;
    channel.reference = reference_now(n);
    if (before != channel.reference) {
      channel.changed = board.now();
      for (const auto &listener : channel.listeners) listener(channel.reference);
      if (channel.reference && field(CR2, 4, 3) == 4u + static_cast<std::uint32_t>(n)) trigger_output();
    }
    drive(n);
  }
}

/// The pins of a channel. TIM1 and TIM8 drive them only with MOE (17.4.18); with MOE = 0 and OSSI = 1 they hold OISx.
void Timer::drive(int n) {
  if (!clocked()) return;  // without clock the last levels stay
  Channel &channel = channels_[static_cast<std::size_t>(n)];
  const bool on = enabled(n), complement = channel.complement && bit(CCER, 4 * n + 2);
  const bool main = !advanced_ || bit(BDTR, 15), idle = advanced_ && !main && bit(BDTR, 10);
  if (main && on && complement) return drive_pair(n);
  if (!on || !(main || idle)) channel.signal->release();
  else channel.driven = true, channel.signal->drive(idle ? bit(CR2, 8 + 2 * n) : channel.reference != bit(CCER, 4 * n + 1));
  if (!channel.complement) return;
  if (!complement || !(main || idle)) channel.complement->release();
  else channel.driven = true, channel.complement->drive(idle ? bit(CR2, 9 + 2 * n) : channel.reference != bit(CCER, 4 * n + 3));
}

/// OCx and OCxN together: complements, each of which becomes active only a dead time after the other went off (17.3.11).
void Timer::drive_pair(int n) {
  Channel &channel = channels_[static_cast<std::size_t>(n)];
  const Time ready = later(channel.changed, dead_time());
  const bool waiting = board.now() < ready;
  channel.driven = true;
  channel.signal->drive((channel.reference && !waiting) != bit(CCER, 4 * n + 1));
  channel.complement->drive((!channel.reference && !waiting) != bit(CCER, 4 * n + 3));
  if (waiting && (!dead_.scheduled() || dead_.time() > ready)) dead_.at(ready);
}

/// DTG in periods of the timer's clock divided by CKD (17.4.18).
Time Timer::dead_time() const {
  const std::uint64_t code = field(BDTR, 0, 8);
  const std::uint64_t steps = code < 0x80   ? code
                              : code < 0xC0 ? (64 + (code & 0x3F)) * 2
                              : code < 0xE0 ? (32 + (code & 0x1F)) * 8
                                            : (32 + (code & 0x1F)) * 16;
  return steps == 0 ? 0 : periods(steps << field(CR1, 8, 2), timer_clock());
}

/// CCxS may be written only while the channel is off (18.4.7).
void Timer::write_channel_mode(std::uint32_t offset, std::uint32_t data) {
  const std::uint32_t before = value(offset);
  for (int half = 0; half < 2; ++half) {
    const int n = (offset == CCMR1 ? 0 : 2) + half;
    if (n >= channels() || !enabled(n) || ((before ^ data) >> (8 * half) & 3) == 0) continue;
    finding("peripheral_enabled_while_configured",
            "CC" + std::to_string(n + 1) + "S of " + name() + " is written while the channel is on (CC" + std::to_string(n + 1) +
                "E = 1 in CCER): these bits are writable only while it is off (RM0090 18.4.7)",
            offset);
    data = (data & ~(3u << (8 * half))) | (before & 3u << (8 * half));
  }
  store(offset, data);
  for (int half = 0; half < 2; ++half) {
    const int n = (offset == CCMR1 ? 0 : 2) + half;
    if (n >= channels()) continue;
    if (is_input(n)) channels_[static_cast<std::size_t>(n)].signal->release();
    else if (!preloaded(n)) channels_[static_cast<std::size_t>(n)].compare = value(CCR1 + 4 * static_cast<std::uint32_t>(n));
  }
}

/// A while after the start: does the timer have an output that goes nowhere?
void Timer::check_outputs() {
  if ((value(CR1) & 1) == 0 || (value(DIER) & 0x5F5E) != 0 || field(CR2, 4, 3) >= 3) return;
  Signal *lost = nullptr;
  for (int n = 0; n < channels(); ++n) {
    const Channel &channel = channels_[static_cast<std::size_t>(n)];
    if (is_input(n) || compare_mode(n) == frozen) continue;
    if (!channel.listeners.empty() || routed(channel)) return;
    const bool on = enabled(n), complement = channel.complement && bit(CCER, 4 * n + 2);
    if ((on || complement) && !lost) lost = on ? channel.signal : channel.complement;
  }
  if (lost) lost->require(name() + " runs with an output on");
}

bool Timer::routed(const Channel &channel) { return channel.signal->routed() || (channel.complement && channel.complement->routed()); }

/// A channel that captures what no pin brings (18.3.5). The inputs that the remapping registers choose are not pins.
void Timer::check_inputs() {
  if ((value(CR1) & 1) == 0 || value(OR) != 0) return;
  for (int n = 0; n < channels(); ++n) {
    const std::uint32_t selection = mode_bits(n) & 3;
    if (!enabled(n) || (selection != 1 && selection != 2)) continue;
    const int input = selection == 1 ? n : n ^ 1;
    if (input >= channels() || (input == 0 && bit(CR2, 7))) continue;  // TI1S: TI1 is three pins
    channels_[static_cast<std::size_t>(input)].signal->require(name() + " is to capture on channel " + std::to_string(n + 1), Severity::note);
  }
}

/// A pin is given to a channel in an output mode, but the channel has never driven it: MOE (17.4.18) or CCxE (18.4.9) is missing.
void Timer::remark_outputs() {
  std::string silent, off;
  for (int n = 0; n < channels(); ++n) {
    const Channel &channel = channels_[static_cast<std::size_t>(n)];
    if (is_input(n) || compare_mode(n) == frozen || channel.driven || !channel.listeners.empty() || !routed(channel)) continue;
    const bool on = enabled(n) || (channel.complement && bit(CCER, 4 * n + 2));
    std::string &list = on ? silent : off;
    list += (list.empty() ? "" : ", ") + std::to_string(n + 1);
  }
  const auto remark = [this](Offset offset, const char *reg, const std::string &text) {
    Finding note;
    note.kind = "output_disabled";
    note.severity = Severity::note;
    note.text = name() + " ran with channel " + text;
    note.peripheral = name(), note.register_name = reg, note.address = info().base + offset;
    board.findings.add_at(started_at_, std::move(note));
  };
  if (!silent.empty())
    remark(BDTR, "BDTR", silent + " on, but MOE is 0 in BDTR: its pins are not driven until MOE is set (RM0090 17.4.18)");
  if (!off.empty())
    remark(CCER, "CCER", off + " in an output mode and a pin given to it, but its CCxE is 0 in CCER: the pin is not driven until it is set (RM0090 18.4.9)");
}

/// Is this edge one that the channel's CCxP/CCxNP ask for (18.4.9)?
bool Timer::edge_wanted(int channel, bool rising) const {
  const bool p = bit(CCER, 4 * channel + 1), np = bit(CCER, 4 * channel + 3);
  return (p && np) || rising != p;
}

/// Input TI1..TI4 has changed. It feeds its own channel (CCxS = 1), the other of the pair (CCxS = 2), and the slave unit.
void Timer::input_changed(int input, bool level) {
  if (!clocked() || held_in_reset()) return;
  settle();
  for (int n : {input, input ^ 1}) {
    if (n >= channels() || !enabled(n)) continue;
    if ((mode_bits(n) & 3) == (n == input ? 1u : 2u) && edge_wanted(n, level)) {
      Channel &channel = channels_[static_cast<std::size_t>(n)];
      if (++channel.captures >= 1u << (mode_bits(n) >> 2 & 3)) {  // ICxPSC: 1, 2, 4, 8
        channel.captures = 0;
        capture(n);
      }
    }
  }
  if (input < 2) slave_input(input, level);
  refresh();
}

/// RM0090 18.3.5.
void Timer::capture(int n) {
  set(CCR1 + 4 * static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(counter_.count_at(done_)));
  if (value(SR) >> (n + 1) & 1) raise(0x200u << n);  // overcapture: the last value had not been fetched
  raise(2u << n);
  if (bit(DIER, 9 + n)) ask(channels_[static_cast<std::size_t>(n)].dma);
}

void Timer::on_channel(int channel, std::function<void(bool)> listener) {
  if (channel < 1 || channel > channels()) return;
  channels_[static_cast<std::size_t>(channel) - 1].listeners.push_back(std::move(listener));
}

}  // namespace board
