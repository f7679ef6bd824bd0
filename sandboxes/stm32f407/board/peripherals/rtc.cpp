#include "rtc.hpp"

#include "../core/core.hpp"
#include "pwr.hpp"
#include "rcc.hpp"

namespace board {
using namespace rtc;
namespace {

constexpr char outside_init[] = "outside initialization mode: the write has no effect; set RTC_ISR.INIT and wait until INITF is set (RM0090 26.3.5)";

/// What CR can ask for and the model leaves out.
const char *left_out(std::uint32_t control) {
  if ((control & TSE) != 0) return "CR.TSE (timestamp)";
  if ((control & REFCKON) != 0) return "CR.REFCKON (reference clock)";
  if ((control & DCE) != 0) return "CR.DCE (coarse calibration)";
  if ((control & COE) != 0) return "CR.COE (calibration output)";
  return (control & OSEL) != 0 ? "CR.OSEL (alarm output)" : nullptr;
}

}  // namespace

Rtc::Rtc(Board &b, const PeripheralInfo &info)
    : Peripheral(b, info),
      init_(b.events, [this] { enter_init(); }),
      copy_(b.events, [this] { copied(); }),
      wakeup_writable_(b.events, [this] { set_bits(ISR, WUTWF); }),
      alarm_writable_{{b.events, [this] { set_bits(ISR, ALRAWF); }}, {b.events, [this] { set_bits(ISR, ALRAWF << 1); }}},
      alarms_{{b.events, [this] { ring(0); }}, {b.events, [this] { ring(1); }}},
      expiry_(b.events, [this] { expire(); }) {}

/// A system reset takes the shadow registers and leaves initialization mode; the rest is the backup domain's (26.3.7, 26.6.4).
void Rtc::reset() {
  if (board.core().resets.empty()) return reset_backup();
  if (initialising()) leave_init();
  init_.cancel();
  clear_bits(ISR, INIT | INITF | RSF);
  kept_ = {};
  fresh_ = stopped_ = time_locked_ = date_locked_ = false;
  synchronise();
}

void Rtc::reset_backup() {
  Peripheral::reset();
  cycles_ = cycles(), origin_ = board.now();
  second_ = cycles_;
  calendar_ = {};
  kept_ = {};
  keys_ = 0;
  fresh_ = time_locked_ = date_locked_ = false;
  for (Event *event : {&init_, &copy_, &wakeup_writable_, &alarm_writable_[0], &alarm_writable_[1], &alarms_[0].event, &alarms_[1].event,
                       &expiry_})
    event->cancel();
  update_lines();
  synchronise();
}

// ---- time ----

std::uint64_t Rtc::cycles() const { return cycles_ + (rate_ != 0 ? count_periods(board.now() - origin_, rate_) : 0); }

Time Rtc::time_of(std::uint64_t cycle) const {
  if (rate_ == 0) return never;
  return cycle <= cycles_ ? origin_ : later(origin_, periods(cycle - cycles_, rate_));
}

/// A number of edges of RTCCLK from now.
Time Rtc::soon(std::uint64_t count) const { return time_of(cycles() + count); }

std::uint32_t Rtc::synchronous() const { return value(PRER) & 0x7FFF; }
std::uint32_t Rtc::asynchronous() const { return value(PRER) >> 16 & 0x7F; }
std::uint64_t Rtc::second_cycles() const { return std::uint64_t{asynchronous() + 1} * (synchronous() + 1); }
bool Rtc::initialising() const { return (value(ISR) & INITF) != 0; }
bool Rtc::twelve() const { return (value(CR) & FMT) != 0; }

/// Brings the calendar to the present second.
void Rtc::settle() {
  const std::uint64_t at = cycles();
  if (initialising() || at <= second_) return;
  const std::uint64_t seconds = (at - second_) / second_cycles();
  calendar_.advance(seconds, twelve());
  second_ += seconds * second_cycles();
}

Rtc::Snapshot Rtc::now() const {
  Calendar calendar = calendar_;
  std::uint64_t gone = 0;
  if (const std::uint64_t at = cycles(); !initialising() && at > second_) gone = at - second_;
  calendar.advance(gone / second_cycles(), twelve());
  const auto ticks = static_cast<std::uint32_t>(gone % second_cycles() / (asynchronous() + 1));
  return {calendar.time(), calendar.date(), synchronous() - ticks};
}

Rtc::Snapshot Rtc::shadow() const { return fresh_ || (value(CR) & BYPSHAD) != 0 ? now() : kept_; }

/// RTCCLK may come and go; stop mode stops the copying to the shadow registers, not the calendar (26.3.6).
void Rtc::clock_changed() {
  const bool stopped = board.stopped();
  if (stopped && !stopped_) kept_ = shadow(), fresh_ = false;
  const bool woken = stopped_ && !stopped;
  stopped_ = stopped;
  if (board.clocks.rtc != rate_) {
    cycles_ = cycles();
    origin_ = board.now();
    rate_ = board.clocks.rtc;
    changed_at_ = board.now();
    for (Event *event : {&init_, &copy_, &wakeup_writable_, &alarm_writable_[0], &alarm_writable_[1]}) event->cancel();
    schedule_alarms();
    schedule_wakeup();
  } else if (!stopped && !woken) {
    return;
  }
  synchronise();
}

void Rtc::pend(Event &event, bool wanted, std::uint64_t count) {
  if (!wanted || rate_ == 0) return event.cancel();
  if (!event.scheduled()) event.at(soon(count));
}

/// What waits for edges of RTCCLK: each takes about two (26.6.4).
void Rtc::synchronise() {
  const std::uint32_t control = value(CR), status = value(ISR);
  pend(init_, (status & (INIT | INITF)) == INIT);
  const bool copies = !stopped_ && (status & INITF) == 0 && (control & BYPSHAD) == 0;
  pend(copy_, copies && (!fresh_ || (status & RSF) == 0), cycles() < second_ ? second_ - cycles() + 2 : 2);
  pend(wakeup_writable_, (control & WUTE) == 0 && (status & WUTWF) == 0);
  for (unsigned i = 0; i < 2; ++i) pend(alarm_writable_[i], (control & ALRAE << i) == 0 && (status & ALRAWF << i) == 0);
}

void Rtc::copied() {
  fresh_ = true;
  set_bits(ISR, RSF);
}

// ---- initialization mode (26.3.5) ----

/// The calendar stands still until INIT is cleared.
void Rtc::enter_init() {
  settle();
  kept_ = now();
  kept_.subsecond = synchronous();
  fresh_ = false;
  set_bits(ISR, INITF);
  clear_bits(ISR, RSF);
  prescaler_writes_ = 0;
  prescaler_before_ = value(PRER);
  synchronise();
  schedule_alarms();
  schedule_wakeup();
}

/// It goes on after four periods of RTCCLK.
void Rtc::leave_init() {
  if (prescaler_writes_ == 1 && value(PRER) != prescaler_before_)
    tell_at(prescaler_pc_, "rtc_misuse", PRER,
            "RTC_PRER was changed by a single write: the manual asks for two, first the synchronous, then the asynchronous factor, even if only one of "
            "them changes (RM0090 26.3.5, 26.6.5)",
            Severity::note);
  check_calendar();
  clear_bits(ISR, INIT | INITF);
  second_ = cycles() + 4;
  synchronise();
  schedule_alarms();
  if ((value(CR) & WUTE) != 0 && (value(CR) & 4) != 0) start_wakeup();
}

/// A calendar that counted and stands still at the end is hardly meant: LSI goes off with every reset.
void Rtc::report(nlohmann::json &) {
  const auto *rcc = board.find<Rcc>("RCC");
  const std::string missing = rcc ? rcc->rtc_missing() : "";
  if (rate_ != 0 || cycles_ == 0 || missing.empty() || rcc->backup_in_reset() || board.now() - changed_at_ < 10 * millisecond) return;
  tell_at(first_write, "rtc_not_clocked", TR,
          "the RTC has stood still since " + std::to_string(changed_at_ / millisecond) + " ms, because " + missing + " (RM0090 7.2.8, 26.3.7)", Severity::note);
}

// ---- reading ----

std::uint32_t Rtc::peek(std::uint32_t offset) {
  switch (offset) {
    case TR: return now().time;
    case DR: return now().date;
    case SSR: return now().subsecond;
    case ISR: return value(ISR) | ((now().date >> 16 & 0xFF) != 0 ? 1u * INITS : 0);
    default: return value(offset);
  }
}

std::uint32_t Rtc::read(std::uint32_t offset) { return offset == TR || offset == DR || offset == SSR ? read_calendar(offset) : peek(offset); }

/// The locks of 26.3.6. With BYPSHAD the registers are the calendar itself.
std::uint32_t Rtc::read_calendar(std::uint32_t offset) {
  settle();
  const Snapshot seen = shadow(), live = now();
  if ((value(CR) & BYPSHAD) != 0) return offset == TR ? seen.time : offset == DR ? seen.date : seen.subsecond;
  std::uint32_t shown = seen.subsecond;
  if (offset == DR) {
    shown = date_locked_ ? locked_.date : seen.date;
    time_locked_ = date_locked_ = time_seen_ = false;
    check_fresh(DR, seen.date, live.date);
    return shown;
  }
  if (!date_locked_) locked_.date = seen.date, date_locked_ = true;
  if (offset == SSR) {
    if (!time_locked_) locked_.time = seen.time, time_locked_ = true;
  } else {
    shown = time_locked_ ? locked_.time : seen.time;
    if (time_locked_ && time_seen_ && shown != live.time)
      finding("rtc_stale_read",
              "RTC_TR is read again while it is locked since RTC_SSR was read: it shows the same time until RTC_DR is read; read RTC_DR after "
              "each RTC_SSR and RTC_TR (RM0090 26.3.6)",
              TR);
    time_seen_ = time_locked_;
  }
  check_fresh(offset, offset == TR ? seen.time : 0, offset == TR ? live.time : 0);
  return shown;
}

/// Reading before the copy: an error only if it shows something else than the calendar.
void Rtc::check_fresh(std::uint32_t offset, std::uint32_t shown, std::uint32_t live) {
  if (fresh_ || initialising() || shown == live) return;
  finding("rtc_stale_read",
          std::string("read of RTC_") + info().at(offset)->name + " before the calendar has been copied to it: after a reset, stop mode or the "
          "initialization clear RTC_ISR.RSF and wait until it is set (RM0090 26.3.6)",
          offset);
}

Time Rtc::stable_until(std::uint32_t offset) {
  if (offset != TR && offset != DR && offset != SSR) return never;
  const bool locked = offset == TR ? time_locked_ : offset == DR && date_locked_;
  if (rate_ == 0 || initialising()) return never;
  if (!fresh_ && (value(CR) & BYPSHAD) == 0) return never;  // the copy is an event
  if (locked && offset == TR) return never;
  const std::uint64_t at = cycles(), gone = at > second_ ? at - second_ : 0;
  const std::uint64_t step = offset == SSR ? asynchronous() + 1 : second_cycles();
  return time_of(second_ + (gone / step + 1) * step);
}

// ---- writing ----

/// Would the write do something, if it were let through?
bool Rtc::changes(std::uint32_t offset, std::uint32_t data) {
  switch (offset) {
    case WPR: return (data & 0xFF) == 0xCA || (data & 0xFF) == 0x53;
    case SHIFTR: return data != 0;
    case ISR: return (value(ISR) & FLAGS & ~data) != 0 || ((value(ISR) ^ data) & INIT) != 0 || (value(ISR) & RSF & ~data) != 0;
    default: return ((peek(offset) ^ data) & info().at(offset)->writable) != 0;
  }
}

void Rtc::ignored(const char *kind, std::uint32_t offset, const std::string &why, Severity severity) {
  finding(kind, std::string("write to RTC_") + info().at(offset)->name + " " + why, offset, severity);
}

/// The two locks: DBP in front of the whole domain, the keys in front of most registers (26.3.5).
bool Rtc::refused(std::uint32_t offset, std::uint32_t data) {
  const auto *pwr = board.find<Pwr>("PWR");
  const auto *rcc = board.find<Rcc>("RCC");
  if (pwr && !pwr->backup_writable()) {
    if (changes(offset, data))
      ignored("backup_domain_protected", offset,
              "while the backup domain is write-protected: the write has no effect; set PWR_CR.DBP first (RM0090 5.1.2, 26.3.5)");
    return true;
  }
  if (rcc && rcc->backup_in_reset()) {
    if (changes(offset, data))
      ignored("rtc_misuse", offset,
              "while RCC_BDCR.BDRST holds the backup domain in reset: the write has no effect; clear BDRST first (RM0090 7.3.20)");
    return true;
  }
  const bool open = offset == WPR || offset == ISR || offset == TAFCR || offset >= BKP0R;
  if (open || keys_ == 2) return false;
  if (changes(offset, data))
    ignored("rtc_write_protected", offset,
            "while the RTC's registers are locked: the write has no effect; write 0xCA and 0x53 to RTC_WPR first (RM0090 26.3.5)");
  return true;
}

void Rtc::write(std::uint32_t offset, std::uint32_t data) {
  if (refused(offset, data)) return;
  switch (offset) {
    case TR: case DR: return write_calendar(offset, data);
    case CR: return write_control(data);
    case ISR: return write_status(data);
    case PRER: return write_prescaler(data);
    case WUTR: return write_wakeup(data);
    case ALRMAR: case ALRMBR: case ALRMASSR: case ALRMBSSR: return write_alarm(offset, data);
    case WPR: return write_key(data & 0xFF);
    case CALIBR: case CALR: case SHIFTR: case TAFCR: return write_extra(offset, data);
    case SSR: case TSTR: case TSDR: case TSSSR: return;  // read-only
    default: store(offset, data);
  }
}

void Rtc::write_key(std::uint32_t key) {
  if (key == 0xCA) keys_ = 1;
  else keys_ = key == 0x53 && keys_ == 1 ? 2 : 0;
}

/// What is left out: it is refused where it would have an effect.
void Rtc::write_extra(std::uint32_t offset, std::uint32_t data) {
  if (offset == SHIFTR && data != 0) unsupported("SHIFTR (shift of the calendar)");
  if (offset == CALR && (data & 0x81FF) != 0) unsupported("CALR (smooth calibration)");
  if (offset == CALIBR && (data & 0x1F) != 0) unsupported("CALIBR (coarse calibration)");
  if (offset == TAFCR && (data & 0x89) != 0) unsupported("TAFCR (tamper detection)");
  if (offset != SHIFTR) store(offset, data);
}

/// INIT and RSF are behind the keys, the flags are not. Code that clears flags by writing ones everywhere else means no INIT.
void Rtc::write_status(std::uint32_t data) {
  const std::uint32_t status = value(ISR), cleared = status & FLAGS & ~data;
  clear_bits(ISR, cleared);
  if (cleared != 0) update_lines();
  const bool init = ((status ^ data) & INIT) != 0, resynchronise = (status & RSF & ~data) != 0;
  if (!init && !resynchronise) return;
  if (keys_ != 2)
    return ignored("rtc_write_protected", ISR,
                   std::string("changes ") + (init ? "INIT" : "RSF") + " while the RTC's registers are locked: that bit stays; write 0xCA and 0x53 to RTC_WPR "
                   "first (RM0090 26.3.5)",
                   cleared != 0 || !init ? Severity::note : Severity::error);  // RSF is set anyway, but for the moment after stop mode
  if (resynchronise) clear_bits(ISR, RSF);
  if ((data & INIT) != 0) {
    set_bits(ISR, INIT);
    if (init && cleared != 0)
      ignored("rtc_misuse", ISR, "clears flags and sets INIT too: the calendar stops; keep INIT at 0 in the value (RM0090 26.3.5, 26.6.4)", Severity::note);
    if (init) check_clock(ISR, "INITF is never set", Severity::error);
  } else if (initialising()) {
    return leave_init();
  } else {
    clear_bits(ISR, INIT);
  }
  synchronise();
}

/// Without a clock nothing that has to cross to its domain ever does.
void Rtc::check_clock(std::uint32_t offset, const char *what, Severity severity) {
  const auto *rcc = board.find<Rcc>("RCC");
  const std::string missing = rcc ? rcc->rtc_missing() : "";
  if (rate_ != 0) return;
  if (!missing.empty())
    return ignored("rtc_not_clocked", offset, "while the RTC has no clock, because " + missing + ": " + what + " (RM0090 7.2.8, 26.3.1)", severity);
  ignored("rtc_not_clocked", offset,
          std::string("while the RTC's clock source is still starting: until it is ready (LSERDY, LSIRDY, HSERDY) ") + what + " (RM0090 7.2.4, 7.2.8)",
          Severity::note);
}

void Rtc::write_calendar(std::uint32_t offset, std::uint32_t data) {
  if (!initialising()) return ignored("rtc_misuse", offset, outside_init);
  data &= info().at(offset)->writable;
  set(offset, data);  // as written, for check_calendar
  written_[offset == TR ? 0 : 1] = board.pc();
  if (offset == TR) calendar_.set_time(data), kept_.time = calendar_.time();
  else calendar_.set_date(data), kept_.date = calendar_.date();
}

/// What was written to the calendar, which may have taken several writes: judged when it begins to count.
void Rtc::check_calendar() {
  const auto bad = [this](std::uint32_t offset, const std::string &wrong, Severity severity) {
    const unsigned place = offset == TR ? 0 : 1;
    if (wrong.empty() || written_[place] == 0) return;
    tell_at(written_[place], "rtc_bad_value", offset, "RTC_" + std::string(info().at(offset)->name) + " is set to " + hex(value(offset)) + ": " + wrong +
            " (RM0090 26.6.1, 26.6.2)", severity);
  };
  bad(TR, wrong_with_time(value(TR), twelve()), Severity::error);
  // Code that wants the time only often clears the date.
  bad(DR, wrong_with_date(value(DR)), value(DR) == 0 ? Severity::note : Severity::error);
  bad(DR, (value(DR) >> 13 & 7) == 0 ? "WDU = 0 is forbidden, Monday is 1" : "", Severity::note);
  written_[0] = written_[1] = 0;
}

void Rtc::tell_at(std::uint32_t pc, const char *kind, std::uint32_t offset, const std::string &text, Severity severity) {
  Finding finding;
  finding.kind = kind, finding.severity = severity, finding.text = text;
  finding.peripheral = name(), finding.register_name = info().at(offset)->name, finding.address = info().base + offset;
  board.findings.add_at(pc, std::move(finding));
}

void Rtc::write_prescaler(std::uint32_t data) {
  if (!initialising()) {
    if (((value(PRER) ^ data) & info().at(PRER)->writable) == 0) return;
    return ignored("rtc_misuse", PRER, outside_init);
  }
  store(PRER, data);
  kept_.subsecond = synchronous();
  ++prescaler_writes_;
  prescaler_pc_ = board.pc();
}

void Rtc::write_control(std::uint32_t data) {
  const std::uint32_t old = value(CR);
  if (const char *what = left_out(data)) return unsupported(what);
  if (((old ^ data) & FMT) != 0 && !initialising()) {
    ignored("rtc_misuse", CR, "changes FMT outside initialization mode: it keeps its value (RM0090 26.6.3)");
    data ^= FMT;
  }
  if (((old ^ data) & WUCKSEL) != 0 && ((old & WUTE) != 0 || (value(ISR) & WUTWF) == 0)) {
    ignored("rtc_misuse", CR, "changes WUCKSEL while the wake-up timer is on or RTC_ISR.WUTWF is 0: it keeps its value; clear WUTE and wait until WUTWF is set "
            "(RM0090 26.3.5, 26.6.3)");
    data = (data & ~WUCKSEL) | (old & WUCKSEL);
  }
  settle();
  if ((data & ADD1H) != 0 && !initialising()) calendar_.next_hour(twelve());
  if ((data & SUB1H) != 0 && !initialising()) calendar_.previous_hour(twelve());
  store(CR, data & ~(ADD1H | SUB1H));
  if ((data & BYPSHAD) != 0) clear_bits(ISR, RSF);
  if ((old & ~data & BYPSHAD) != 0) kept_ = now(), fresh_ = false;
  const std::uint32_t risen = data & ~old;
  if ((data & WUTE) != 0) clear_bits(ISR, WUTWF);
  for (unsigned i = 0; i < 2; ++i)
    if ((data & ALRAE << i) != 0) clear_bits(ISR, ALRAWF << i);
  if ((risen & (WUTE | ALRAE | ALRAE << 1)) != 0) check_clock(CR, "nothing is counted", Severity::note);
  for (unsigned i = 0; i < 2; ++i)
    if ((risen & ALRAE << i) != 0) check_alarm(i);
  synchronise();
  schedule_alarms();
  if ((risen & WUTE) != 0) start_wakeup();
  else schedule_wakeup();
  update_lines();
}

std::unique_ptr<Peripheral> make_rtc(Board &board, const PeripheralInfo &info) { return std::make_unique<Rtc>(board, info); }

}  // namespace board
