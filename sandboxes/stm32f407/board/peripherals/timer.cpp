#include "timer.hpp"

#include <algorithm>
#include <cstdlib>

namespace board {
namespace {

enum Cr1 : std::uint32_t { CEN = 1, UDIS = 2, URS = 4, OPM = 8, DIR = 16, CMS = 96, ARPE = 128 };
enum Flag : std::uint32_t { UIF = 1, TIF = 64, UDE = 1 << 8 };

/// RM0090 table 61: the vectors of TIM1 and TIM8 are shared with other timers.
std::string vector_of(int number) {
  switch (number) {
    case 6: return "TIM6_DAC";
    case 9: return "TIM1_BRK_TIM9";
    case 1:
    case 10: return "TIM1_UP_TIM10";
    case 11: return "TIM1_TRG_COM_TIM11";
    case 12: return "TIM8_BRK_TIM12";
    case 8:
    case 13: return "TIM8_UP_TIM13";
    case 14: return "TIM8_TRG_COM_TIM14";
    default: return "TIM" + std::to_string(number);
  }
}

int channel_count(int number) {
  if (number == 6 || number == 7) return 0;
  if (number == 9 || number == 12) return 2;
  return number >= 10 ? 1 : 4;
}

}  // namespace

Timer::Timer(Board &owner, const PeripheralInfo &info)
    : Peripheral(owner, info),
      number_(std::atoi(info.name + 3)),
      advanced_(number_ == 1 || number_ == 8),
      wide_(number_ == 2 || number_ == 5),
      bus_(info.bus),
      update_irq_(Board::irq(vector_of(number_))),
      compare_irq_(advanced_ ? Board::irq(std::string(info.name) + "_CC") : update_irq_),
      trigger_irq_(advanced_ ? Board::irq(vector_of(number_ == 1 ? 11 : 14)) : update_irq_),
      counter_(wide_ ? 0xFFFFFFFF : 0xFFFF),
      channels_(static_cast<std::size_t>(channel_count(number_))),
      update_dma_(&owner.dma_requests.line(std::string(info.name) + "_UP")),
      trigger_dma_(&owner.dma_requests.line(std::string(info.name) + "_TRIG")),
      event_(owner.events, [this] { settle(); refresh(); }),
      check_(owner.events, [this] { check_outputs(); check_inputs(); }),
      dead_(owner.events, [this] { outputs(); }) {
  for (int n = 0; n < channels(); ++n) {
    const std::string name = std::string(info.name) + "_CH" + std::to_string(n + 1);
    Channel &channel = channels_[static_cast<std::size_t>(n)];
    channel.signal = &board.pins.signal(name);
    if (advanced_ && n < 3) channel.complement = &board.pins.signal(name + "N");
    channel.dma = &board.dma_requests.line(name);
    channel.signal->on_change = [this, n](bool level) { input_changed(n, level); };
  }
  board.pins.signal(std::string(info.name) + "_ETR").on_change = [this](bool level) { external_trigger(level); };
  counter_.set_shape(0, TimerCounter::Direction::up, value(ARR));
}

std::uint32_t Timer::timer_clock() const {
  return bus_ == Bus::APB1 ? board.clocks.timclk1 : board.clocks.timclk2;
}

TimerCounter::Direction Timer::direction() const {
  if ((value(CR1) & CMS) != 0) return TimerCounter::Direction::centre;
  return value(CR1) & DIR ? TimerCounter::Direction::down : TimerCounter::Direction::up;
}

/// SMS 1..3 (encoder), 7 (external clock 1), ECE (external clock 2): RM0090 18.3.3.
bool Timer::clocked_from_outside() const {
  const std::uint32_t mode = field(SMCR, 0, 3);
  return (mode >= 1 && mode <= 3) || mode == 7 || bit(SMCR, 14);
}

void Timer::run_if_enabled() {
  const bool run = (value(CR1) & CEN) != 0 && clocked() && !held_in_reset() && timer_clock() != 0 && !clocked_from_outside();
  counter_.set_rate(board.now(), timer_clock(), counter_.prescaler());
  counter_.set_running(board.now(), run);
  done_ = counter_.ticks(board.now());
}

/// Centre-aligned counters update at both ends (RM0090 18.3.2), the others where the cycle begins again.
std::uint64_t Timer::next_update(std::uint64_t after) const {
  const std::uint64_t wrap = counter_.next(after, 0);
  if (counter_.direction() != TimerCounter::Direction::centre || counter_.beyond()) return wrap;
  return std::min(wrap, counter_.next(after, counter_.reload()));
}

/// True if whole cycles may be passed over at once, because nothing changes with an update but flags.
bool Timer::nothing_waits() const {
  if (counter_.beyond() || (value(CR1) & OPM) != 0 || (value(DIER) & 0x5F00) != 0 || (advanced_ && value(RCR) != 0)) return false;
  if (counter_.prescaler() != value(PSC) || counter_.reload() != value(ARR) || field(CR2, 4, 3) == 2) return false;
  for (int n = 0; n < channels(); ++n) {
    const Channel &channel = channels_[static_cast<std::size_t>(n)];
    if (!is_input(n) && channel.compare != value(CCR1 + 4 * static_cast<std::uint32_t>(n))) return false;
  }
  return true;
}

/// Does everything that the counter has brought about up to now.
void Timer::settle() {
  const Time now = board.now();
  while (counter_.running()) {
    const std::uint64_t total = counter_.ticks(now);
    if (total <= done_ || counter_.cycle() == 0) return;
    const std::uint64_t update = next_update(done_);
    if (update > total) {
      matches(done_, total);
      done_ = total;
      return;
    }
    if (nothing_waits()) {
      matches(done_, total);
      done_ = total;
      if ((value(CR1) & UDIS) == 0) raise(UIF);
      continue;
    }
    matches(done_, update);
    done_ = update;
    at_update(counter_.time_of(update));
  }
}

/// The counter has come to the end of its cycle at `when`.
void Timer::at_update(Time when) {
  if (counter_.beyond()) {  // it has run past the reload value to the end of its width: no update there
    counter_.restart(when, 0);
    done_ = 0;
    return;
  }
  if (counter_.direction() == TimerCounter::Direction::centre) {
    if (counter_.descending_at(done_)) set_bits(CR1, DIR);
    else clear_bits(CR1, DIR);
  }
  if ((value(CR1) & UDIS) != 0) return;
  if (repetitions_ > 0) {  // RM0090 17.3.3
    --repetitions_;
    return;
  }
  update_event(when, false);
}

/// Loads the preloaded registers and tells everybody (RM0090 18.3.2).
void Timer::update_event(Time when, bool by_software) {
  if (!by_software || (value(CR1) & URS) == 0) {
    raise(UIF);
    if ((value(DIER) & UDE) != 0) ask(update_dma_);
  }
  load_preloaded(when);
  if (field(CR2, 4, 3) == 2) trigger_output();
  if (!by_software && (value(CR1) & OPM) != 0) {  // RM0090 18.3.10
    clear_bits(CR1, CEN);
    counter_.set_running(when, false);
    done_ = 0;
    trigger_level(false);
  }
}

void Timer::load_preloaded(Time when) {
  repetitions_ = advanced_ ? value(RCR) & 0xFF : 0;
  for (int n = 0; n < channels(); ++n)
    if (!is_input(n)) channels_[static_cast<std::size_t>(n)].compare = value(CCR1 + 4 * static_cast<std::uint32_t>(n));
  if (counter_.prescaler() == value(PSC) && counter_.reload() == value(ARR)) return;
  counter_.set_rate(when, counter_.hz(), value(PSC));
  counter_.set_shape(when, counter_.direction(), value(ARR));
  done_ = 0;
}

/// EGR (RM0090 18.4.6).
void Timer::generate(std::uint32_t bits) {
  if (bits & 1) {
    if ((value(CR1) & UDIS) == 0) update_event(board.now(), true);
    counter_.set_rate(board.now(), timer_clock(), counter_.prescaler());
    counter_.restart(board.now(), direction() == TimerCounter::Direction::down ? counter_.reload() : 0);
    done_ = 0;
    outside_ = 0;
    if (field(CR2, 4, 3) == 0) trigger_output();
  }
  for (int n = 0; n < channels(); ++n) {
    if ((bits >> (n + 1) & 1) == 0) continue;
    if (is_input(n)) capture(n);
    else matched(n, 1);
  }
  if (bits & TIF) raise(TIF);
}

std::uint32_t Timer::read(std::uint32_t offset) {
  settle();
  if (offset == CNT) return static_cast<std::uint32_t>(counter_.count_at(done_));
  if (offset == EGR) return 0;
  if (offset == DMAR) return read(burst_offset());
  if (offset >= CCR1 && offset < BDTR) {
    const int channel = static_cast<int>(offset - CCR1) / 4;
    if (channel < channels() && is_input(channel)) {  // the capture has been fetched (18.4.5)
      clear_bits(SR, 2u << channel);
      refresh();
    }
  }
  return value(offset);
}

std::uint32_t Timer::peek(std::uint32_t offset) {
  settle();
  return offset == CNT ? static_cast<std::uint32_t>(counter_.count_at(done_)) : value(offset);
}

void Timer::ask(DmaRequest *line) {
  burst_line_ = line;
  line->pulse();
}

/// DMAR stands for the register DBA + how far the burst has come; until DBL + 1 transfers are done each access asks for the
/// next (RM0090 18.4.17, 18.4.18).
std::uint32_t Timer::burst_offset() {
  const std::uint32_t offset = 4 * (field(DCR, 0, 5) + burst_);
  burst_ = burst_ >= field(DCR, 8, 5) ? 0 : burst_ + 1;
  if (burst_ != 0 && burst_line_) burst_line_->pulse();
  return offset == DMAR || !info().at(offset) ? EGR : offset;  // nothing is there: EGR reads 0
}

void Timer::write_cr1(std::uint32_t data) {
  const std::uint32_t before = value(CR1);
  const bool centre = (before & CMS) != 0;
  store(CR1, centre ? (data & ~static_cast<std::uint32_t>(DIR)) | (before & DIR) : data);
  counter_.set_shape(board.now(), direction(), (value(CR1) & ARPE) ? counter_.reload() : value(ARR));
  done_ = counter_.running() ? counter_.ticks(board.now()) : 0;
  if (((before ^ value(CR1)) & CEN) == 0) return;
  run_if_enabled();
  trigger_level((value(CR1) & CEN) != 0);
  if ((value(CR1) & CEN) == 0) return;
  started_at_ = board.pc();
  check_.at(later(board.now(), millisecond));
}

void Timer::write(std::uint32_t offset, std::uint32_t data) {
  settle();
  switch (offset) {
    case CR1:
      write_cr1(data);
      break;
    case SR:  // rc_w0
      clear_bits(SR, ~data);
      break;
    case EGR:
      generate(data);
      break;
    case CNT:
      counter_.restart(board.now(), data & (wide_ ? 0xFFFFFFFF : 0xFFFF), counter_.descending_at(done_));
      done_ = 0;
      break;
    case ARR:
      store(ARR, data);
      if ((value(CR1) & ARPE) == 0) {
        counter_.set_shape(board.now(), counter_.direction(), value(ARR));
        done_ = counter_.running() ? counter_.ticks(board.now()) : 0;
      }
      break;
    case SMCR:
      if ((data & 7) == 5 && ((data >> 4) & 7) == 4) unsupported("SMCR: gated mode by TI1F_ED (RM0090 18.4.3 forbids it)");
      store(SMCR, data);
      run_if_enabled();
      break;
    case CR2:
      if (data & 0x80) unsupported("CR2.TI1S (XOR of the inputs)");
      store(CR2, data);
      break;
    case CCMR1:
    case CCMR2:
      write_channel_mode(offset, data);
      break;
    case DCR:
      burst_ = 0;
      store(DCR, data);
      break;
    case OR:
      if (data != 0) unsupported("OR (remapping of inputs)");
      break;
    case DMAR: {
      const std::uint32_t target = burst_offset();
      if (target != EGR) write(target, data);
      return;
    }
    default:
      if (offset >= CCR1 && offset < BDTR) write_compare(static_cast<int>(offset - CCR1) / 4, data);
      else store(offset, data);
  }
  refresh();
}

void Timer::write_compare(int channel, std::uint32_t data) {
  if (channel >= channels()) return;
  const std::uint32_t offset = CCR1 + 4 * static_cast<std::uint32_t>(channel);
  if (is_input(channel)) return;  // read-only then (18.4.13)
  store(offset, data);
  if (!preloaded(channel)) channels_[static_cast<std::size_t>(channel)].compare = value(offset);
}

/// After any change: outputs, interrupts, and the next event.
void Timer::refresh() {
  outputs();
  interrupts();
  schedule();
}

void Timer::interrupts() {
  const std::uint32_t active = value(SR) & value(DIER);
  if (advanced_) {
    interrupt(update_irq_, (active & UIF) != 0);
    interrupt(compare_irq_, (active & 0x1E) != 0);
    interrupt(trigger_irq_, (active & 0x60) != 0);
  } else {
    interrupt(update_irq_, (active & 0x5F) != 0);
  }
}

/// The next tick at which something must happen in time, UINT64_MAX if there is none.
std::uint64_t Timer::next_needed() const {
  std::uint64_t tick = UINT64_MAX;
  const std::uint32_t dier = value(DIER), sr = value(SR);
  bool update = ((dier & UIF) != 0 && (sr & UIF) == 0 && (value(CR1) & UDIS) == 0) || (dier & UDE) != 0 ||
                (value(CR1) & OPM) != 0 || field(CR2, 4, 3) == 2;
  for (int n = 0; n < channels(); ++n) {
    if (is_input(n) || !needs_matches(n)) continue;
    update = true;
    std::array<std::uint64_t, 2> phases;
    const int count = matching_phases(n, phases);
    for (int k = 0; k < count; ++k) tick = std::min(tick, counter_.next(done_, phases[static_cast<std::size_t>(k)]));
  }
  return update ? std::min(tick, next_update(done_)) : tick;
}

void Timer::schedule() {
  if (!counter_.running() || counter_.cycle() == 0) return event_.cancel();
  const std::uint64_t tick = next_needed();
  if (tick == UINT64_MAX) event_.cancel();
  else event_.at(counter_.time_of(tick));
}

Time Timer::stable_until(std::uint32_t offset) {
  if (offset == DMAR) return board.now();
  if (!counter_.running() || counter_.cycle() == 0) {
    const bool capture = offset >= CCR1 && offset < BDTR && static_cast<int>(offset - CCR1) / 4 < channels();
    return capture && is_input(static_cast<int>(offset - CCR1) / 4) ? board.now() : never;
  }
  settle();
  if (offset == CNT) return counter_.time_of(done_ + 1);
  if (offset == CR1 && (value(CR1) & (OPM | CMS)) != 0) return counter_.time_of(next_update(done_));
  if (offset >= CCR1 && offset < BDTR && is_input(static_cast<int>(offset - CCR1) / 4)) return board.now();
  if (offset != SR) return never;
  std::uint64_t tick = value(SR) & UIF ? UINT64_MAX : next_update(done_);
  for (int n = 0; n < channels(); ++n) {
    if (is_input(n) || (value(SR) >> (n + 1) & 1)) continue;
    std::array<std::uint64_t, 2> phases;
    const int count = matching_phases(n, phases);
    for (int k = 0; k < count; ++k) tick = std::min(tick, counter_.next(done_, phases[static_cast<std::size_t>(k)]));
  }
  return tick == UINT64_MAX ? never : counter_.time_of(tick);
}

void Timer::reset() {
  Peripheral::reset();
  event_.cancel();
  check_.cancel();
  dead_.cancel();
  counter_ = TimerCounter(wide_ ? 0xFFFFFFFF : 0xFFFF);
  counter_.set_shape(board.now(), TimerCounter::Direction::up, value(ARR));
  done_ = 0;
  repetitions_ = burst_ = outside_ = trigger_prescale_ = 0;
  burst_line_ = nullptr;
  update_dma_->drop();
  trigger_dma_->drop();
  for (Channel &channel : channels_) {
    channel.compare = channel.captures = 0;
    channel.reference = false;
    channel.signal->release();
    if (channel.complement) channel.complement->release();
    channel.dma->drop();
  }
  interrupts();
}

void Timer::report(nlohmann::json &) {
  settle();
  if (started_at_ != 0) remark_outputs();
}

void Timer::clock_will_change() { settle(); }

void Timer::clock_changed() {
  run_if_enabled();
  schedule();
}

void Timer::gate_changed(bool) {
  settle();
  run_if_enabled();
  schedule();
}

std::unique_ptr<Peripheral> make_timer(Board &board, const PeripheralInfo &info) { return std::make_unique<Timer>(board, info); }

}  // namespace board
