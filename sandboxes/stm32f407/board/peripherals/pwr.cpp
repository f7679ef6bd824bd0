#include "pwr.hpp"

#include "../core/core.hpp"
#include "rtc.hpp"

namespace board {
namespace {

enum : std::uint32_t { CR = 0x00, CSR = 0x04 };
enum : std::uint32_t { WUF = 1 << 0, SBF = 1 << 1, BRR = 1 << 3, EWUP = 1 << 8, BRE = 1 << 9, VOSRDY = 1 << 14 };
constexpr Pin wakeup_pin = 0;                        // PA0
constexpr Time standby_exit = 375 * microsecond;     // DS8626 table 24, typical

}  // namespace

Pwr::Pwr(Board &b, const PeripheralInfo &info) : Peripheral(b, info), woken_(b.events, [this] { board.request_reset("standby"); }) {
  b.pins.observe(wakeup_pin, [this](bool level) { watch_pin(level); });
}

/// CR begins anew; CSR does not when standby mode ends, and SBF and BRE outlive every reset but that of the supply (5.4.2).
void Pwr::reset() {
  const std::uint32_t status = value(CSR);
  Peripheral::reset();
  const std::uint32_t kept = board.core().resets.empty() ? 0 : standby_ ? WUF | SBF | BRR | EWUP | BRE : SBF | BRR | BRE;
  set(CSR, (status & kept) | VOSRDY);  // the regulator has settled long before the first instruction
  standby_ = false;
  woken_.cancel();
}

void Pwr::write(std::uint32_t offset, std::uint32_t data) {
  if (offset == CR) {
    store(CR, data);
    if ((data & 1 << 2) != 0) clear_bits(CSR, WUF);  // CWUF
    if ((data & 1 << 3) != 0) clear_bits(CSR, SBF);  // CSBF
    clear_bits(CR, 3 << 2);
    if ((data & 1 << 4) != 0) unsupported("CR.PVDE (voltage detector)");
    return;
  }
  const bool enabled = (value(CSR) & EWUP) == 0 && (data & EWUP) != 0;
  store(offset, data);
  // The backup regulator is ready at once.
  if ((data & BRE) != 0) set_bits(CSR, BRR);
  else clear_bits(CSR, BRR);
  if (enabled && board.pins.level(wakeup_pin)) wake();  // a level that is high already counts as an event (5.4.2)
}

void Pwr::watch_pin(bool level) {
  if (level && (value(CSR) & EWUP) != 0) wake();
}

void Pwr::wake() {
  set_bits(CSR, WUF);
  if (standby_ && !woken_.scheduled()) woken_.at(later(board.now(), standby_exit));
}

void Pwr::enter_standby() {
  standby_ = true;
  set_bits(CSR, SBF);
  if (const auto *rtc = board.find<Rtc>("RTC"); rtc && rtc->asks())
    tell("standby mode is entered with a flag in RTC_ISR set whose interrupt is enabled: the wake-up needs a rising edge, so that this event wakes "
         "the device no more until the flag is cleared (RM0090 5.3.6)",
         Severity::note);
  if ((value(CSR) & WUF) == 0) return;
  tell("standby mode is entered with PWR_CSR.WUF set: the device wakes at once, by a reset; clear the RTC's flags, then write PWR_CR.CWUF before WFI "
       "or WFE (RM0090 5.3.5, 5.3.6)",
       Severity::error);
  wake();
}

void Pwr::tell(const std::string &text, Severity severity) {
  Finding finding;
  finding.kind = "standby_not_kept", finding.text = text, finding.severity = severity;
  finding.peripheral = name(), finding.register_name = "CSR", finding.address = info().base + CSR;
  board.findings.add_at(board.core().waited_at(), std::move(finding));
}

std::unique_ptr<Peripheral> make_pwr(Board &board, const PeripheralInfo &info) { return std::make_unique<Pwr>(board, info); }

}  // namespace board
