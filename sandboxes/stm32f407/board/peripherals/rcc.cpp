// RCC: oscillators with their start-up times, PLL, the clock tree, gates and resets (RM0090 chapter 7).
#include "rcc.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "../core/core.hpp"
#include "clock_output.hpp"
#include "flash.hpp"
#include "pwr.hpp"
#include "rtc.hpp"

namespace board {
namespace {

enum : std::uint32_t {
  CR = 0x00, PLLCFGR = 0x04, CFGR = 0x08, CIR = 0x0C, AHB1RSTR = 0x10, APB2RSTR = 0x24, AHB1ENR = 0x30, APB2ENR = 0x44,
  BDCR = 0x70, CSR = 0x74, PLLI2SCFGR = 0x84
};
enum : std::uint32_t { HSION = 1 << 0, HSIRDY = 1 << 1, HSEON = 1 << 16, HSERDY = 1 << 17, PLLON = 1 << 24, PLLRDY = 1 << 25,
                       PLLI2SON = 1 << 26, PLLI2SRDY = 1 << 27 };
enum : std::uint32_t { RTCSEL = 3 << 8, RTCEN = 1 << 15, BDRST = 1 << 16 };  // of BDCR
constexpr std::uint32_t hsi_hz = 16'000'000;
// Start-up times: DS8626 tables 31, 33, 34, 36 (typical values).
constexpr Time hsi_start = 2'200'000, hse_start = 2 * millisecond, pll_lock = 150 * microsecond, lsi_start = 15 * microsecond,
               lse_start = 2 * second;
constexpr std::uint32_t ready_pairs[][2] = {{HSION, HSIRDY}, {HSEON, HSERDY}, {PLLON, PLLRDY}, {PLLI2SON, PLLI2SRDY}};

std::string mhz(std::uint64_t hz) {
  std::string text = std::to_string(hz / 1'000'000);
  if (hz % 1'000'000 != 0) {
    std::string rest = std::to_string(hz % 1'000'000 + 1'000'000).substr(1);
    rest.erase(rest.find_last_not_of('0') + 1);
    text += "." + rest;
  }
  return text + " MHz";
}

}  // namespace

Rcc::Rcc(Board &b, const PeripheralInfo &info)
    : Peripheral(b, info),
      hse_hz_(b.plan("hse_hz").is_number() ? b.plan("hse_hz").get<std::uint32_t>() : 8'000'000),
      hsi_ready_(b.events, [this] { ready(CR, HSION, HSIRDY, 2); }),
      hse_ready_(b.events, [this] { ready(CR, HSEON, HSERDY, 3); }),
      pll_ready_(b.events, [this] { ready(CR, PLLON, PLLRDY, 4); }),
      i2s_ready_(b.events, [this] { ready(CR, PLLI2SON, PLLI2SRDY, 5); }),
      lsi_ready_(b.events, [this] { ready(CSR, 1, 2, 0); }),
      lse_ready_(b.events, [this] { ready(BDCR, 1, 2, 1); }),
      mco1_(std::make_unique<ClockOutput>(b, "MCO1")),
      mco2_(std::make_unique<ClockOutput>(b, "MCO2")) {}

Rcc::~Rcc() = default;

/// A system reset: all but the backup domain and the reset flags, which tell what happened (7.3.20, 7.3.21).
void Rcc::reset() {
  const std::uint32_t backup = value(BDCR);
  std::uint32_t flags = value(CSR) & 0xFE000000;
  Peripheral::reset();
  if (board.core().standby) flags = value(CSR);  // the end of standby mode is a power reset (7.1.2)
  const auto &resets = board.core().resets;
  if (!resets.empty()) {
    const std::string &cause = resets.back().first;
    // Internal resets drive the NRST pin too, so PINRSTF is set with each of them (7.1.1).
    flags |= 1u << 26 | (cause == "software" ? 1u << 28 : cause == "iwdg" ? 1u << 29 : cause == "wwdg" ? 1u << 30
                                              : cause == "low_power"      ? 1u << 31
                                                                          : 0);
    set(BDCR, backup);
    set(CSR, flags);
  }
  lsi_forced_ = false;
  for (Event *event : {&hsi_ready_, &hse_ready_, &pll_ready_, &i2s_ready_, &lsi_ready_}) event->cancel();
  interrupt(Board::irq("RCC"), false);
  for (std::uint32_t offset = AHB1RSTR; offset <= APB2RSTR; offset += 4)
    if (const RegisterInfo *reg = info().at(offset)) board.rcc_reset_written(reg->name, 0);
  for (std::uint32_t offset = AHB1ENR; offset <= APB2ENR; offset += 4)
    if (const RegisterInfo *reg = info().at(offset)) board.rcc_enable_written(reg->name, value(offset));
  update_clocks();
}

void Rcc::ready(std::uint32_t offset, std::uint32_t on, std::uint32_t flag, int interrupt_bit) {
  const bool forced = offset == CSR && lsi_forced_;
  if (((value(offset) & on) == 0 && !forced) || (offset == CR && board.stopped())) return;  // stop mode has only the slow oscillators
  set_bits(offset, flag);
  set_bits(CIR, 1u << interrupt_bit);
  update_interrupt();
  update_clocks();  // a switch may have waited for this oscillator
}

void Rcc::update_interrupt() {
  const std::uint32_t cir = value(CIR);
  interrupt(Board::irq("RCC"), (cir & cir >> 8 & 0x3F) != 0);
}

void Rcc::wake_from_stop() {
  for (Event *event : {&hse_ready_, &pll_ready_, &i2s_ready_}) event->cancel();
  clear_bits(CR, HSEON | HSERDY | PLLON | PLLRDY | PLLI2SON | PLLI2SRDY);
  set_bits(CR, HSION | HSIRDY);
  clear_bits(CFGR, 0xF);
  update_clocks();
}

std::uint32_t Rcc::read(std::uint32_t offset) { return value(offset); }

void Rcc::write(std::uint32_t offset, std::uint32_t data) {
  if (offset >= AHB1RSTR && offset <= APB2RSTR) {
    store(offset, data);
    return board.rcc_reset_written(info().at(offset)->name, value(offset));
  }
  if (offset >= AHB1ENR && offset <= APB2ENR) {
    store(offset, data);
    return board.rcc_enable_written(info().at(offset)->name, value(offset));
  }
  switch (offset) {
    case CR: return write_cr(data);
    case PLLCFGR: return write_pll(offset, data, PLLON, "PLL");
    case PLLI2SCFGR: return write_pll(offset, data, PLLI2SON, "PLLI2S");
    case CFGR:
      store(offset, data);
      return update_clocks();
    case CIR:
      set(CIR, (value(CIR) & ~(data >> 16 & 0xBF) & 0xFF) | (data & 0x3F00));
      return update_interrupt();
    case BDCR: return write_backup(data);
    case CSR:
      store(CSR, (value(CSR) & ~1u) | (data & 1));
      if ((data & 1u << 24) != 0) clear_bits(CSR, 0xFE000000);
      clear_bits(CSR, 1u << 24);
      start_lsi();
      return update_clocks();
    default: store(offset, data);
  }
}

void Rcc::start_lsi() {
  if ((value(CSR) & 1) == 0 && !lsi_forced_) clear_bits(CSR, 2), lsi_ready_.cancel();
  else if ((value(CSR) & 2) == 0 && !lsi_ready_.scheduled()) lsi_ready_.at(board.now() + lsi_start);
}

void Rcc::force_lsi() {
  lsi_forced_ = true;
  start_lsi();
}

void Rcc::write_cr(std::uint32_t data) {
  const std::uint32_t used = used_oscillators();
  // Sources that mean to begin from a known state clear HSION while it is what they run on.
  if ((used & ~data) != 0)
    finding("clock_source_disabled", "write to RCC.CR switches off an oscillator that drives SYSCLK: hardware keeps it on (RM0090 7.3.1)", CR,
            (used & ~data) == HSION ? Severity::note : Severity::error);
  data |= used;  // what drives SYSCLK stays on
  const bool pll_from_hse = (value(PLLCFGR) & 1 << 22) != 0;
  if ((data & PLLON) != 0 && (value(CR) & PLLON) == 0) check_pll(pll_from_hse);
  store(CR, data);
  for (const auto &pair : ready_pairs)
    if ((value(CR) & pair[0]) == 0) clear_bits(CR, pair[1]);
  start_if_needed(hsi_ready_, HSION, HSIRDY, hsi_start);
  start_if_needed(hse_ready_, HSEON, HSERDY, (data & 1 << 18) != 0 ? 10 * microsecond : hse_start);
  start_if_needed(pll_ready_, PLLON, PLLRDY, pll_lock);
  start_if_needed(i2s_ready_, PLLI2SON, PLLI2SRDY, pll_lock);
  update_clocks();
}

void Rcc::start_if_needed(Event &event, std::uint32_t on, std::uint32_t flag, Time delay) {
  const std::uint32_t cr = value(CR);
  if ((cr & on) == 0) return event.cancel();
  if ((cr & flag) != 0 || event.scheduled()) return;
  // A PLL locks only once its input runs.
  if (on == PLLON || on == PLLI2SON) {
    const bool from_hse = (value(PLLCFGR) & 1 << 22) != 0;
    if ((cr & (from_hse ? HSERDY : HSIRDY)) == 0) {
      Event &input = from_hse ? hse_ready_ : hsi_ready_;
      if (!input.scheduled()) return;
      return event.at(later(input.time(), delay));
    }
  }
  event.at(board.now() + delay);
}

void Rcc::check_pll(bool from_hse) {
  const std::uint32_t cfg = value(PLLCFGR), m = cfg & 0x3F, n = cfg >> 6 & 0x1FF;
  const auto bad = [&](const std::string &text) { finding("pll_misconfigured", text + " (RM0090 7.3.2)", PLLCFGR); };
  if (from_hse && (value(CR) & HSEON) == 0) bad("the PLL is switched on with HSE as its source, but HSEON is 0: it will never lock");
  if (m < 2) return bad("PLLM is " + std::to_string(m) + ": it must be 2 to 63");
  if (n < 50 || n > 432) return bad("PLLN is " + std::to_string(n) + ": it must be 50 to 432");
  const std::uint64_t input = (from_hse ? hse_hz_ : hsi_hz) / m, vco = std::uint64_t{from_hse ? hse_hz_ : hsi_hz} * n / m;
  if (input < 950'000 || input > 2'100'000) bad("the PLL's input is " + mhz(input) + ": source / PLLM must be 1 to 2 MHz");
  if (vco < 100'000'000 || vco > 432'000'000) bad("the PLL's VCO would run at " + mhz(vco) + ": it must be 100 to 432 MHz");
}

void Rcc::write_pll(std::uint32_t offset, std::uint32_t data, std::uint32_t on, const char *name) {
  if ((value(CR) & on) == 0) return store(offset, data);
  if (((value(offset) ^ data) & info().at(offset)->writable) != 0)
    finding("peripheral_enabled_while_configured",
            std::string("write to RCC.") + info().at(offset)->name + " while the " + name + " is on: it can be written only when " +
                name + "ON is 0 (RM0090 7.3.2)",
            offset);
}

void Rcc::write_backup(std::uint32_t data) {
  const auto *pwr = board.find<Pwr>("PWR");
  if (pwr != nullptr && !pwr->backup_writable()) {
    if (((value(BDCR) ^ data) & info().at(BDCR)->writable) != 0)
      finding("backup_domain_protected", "write to RCC.BDCR while the backup domain is write-protected: set PWR_CR.DBP first (RM0090 5.1.2, 7.3.20)", BDCR);
    return;
  }
  if ((data & BDRST) != 0) {
    set(BDCR, BDRST);
    lse_ready_.cancel();
    update_clocks();
    if (auto *rtc = board.find<Rtc>("RTC")) rtc->reset_backup();
    return;
  }
  store(BDCR, (data & ~RTCSEL) | rtc_source(data & RTCSEL));
  if ((data & 1) == 0) clear_bits(BDCR, 2), lse_ready_.cancel();
  else if ((value(BDCR) & 2) == 0 && !lse_ready_.scheduled()) lse_ready_.at(board.now() + lse_start);
  update_clocks();
}

/// RTCSEL takes one choice until the next reset of the backup domain (7.3.20).
std::uint32_t Rcc::rtc_source(std::uint32_t wanted) {
  static const char *const names[] = {"no clock", "LSE", "LSI", "HSE"};
  const std::uint32_t chosen = value(BDCR) & RTCSEL;
  if (chosen == 0 || chosen == wanted) return wanted;
  // Code that clears the field before it chooses the same again means no harm.
  finding("rtc_source_locked",
          std::string("write of RCC.BDCR.RTCSEL = ") + std::to_string(wanted >> 8) + " (" + names[wanted >> 8] + ") while " + names[chosen >> 8] +
              " has been chosen: the source of the RTC changes only after a reset of the backup domain by BDCR.BDRST; it stays " + names[chosen >> 8] +
              " (RM0090 7.3.20)",
          BDCR, wanted == 0 ? Severity::note : Severity::error);
  return chosen;
}

// ---- the clock tree ----

std::uint32_t Rcc::pll_output(std::uint32_t divider) const {
  const std::uint32_t cfg = value(PLLCFGR), m = cfg & 0x3F, n = cfg >> 6 & 0x1FF;
  if (m == 0 || divider == 0) return 0;
  const std::uint64_t source = (cfg & 1 << 22) != 0 ? hse_hz_ : hsi_hz;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(source * n / m / divider, UINT32_MAX));
}

/// Oscillators that SYSCLK comes from, as bits of CR.
std::uint32_t Rcc::used_oscillators() const {
  const std::uint32_t source = value(CFGR) >> 2 & 3;
  if (source == 0) return HSION;
  if (source == 1) return HSEON;
  return PLLON | ((value(PLLCFGR) & 1 << 22) != 0 ? HSEON : HSION);
}

/// What MCO1 and MCO2 carry: the source and its divider (7.2.10, 7.3.3).
void Rcc::update_outputs() {
  const std::uint32_t cfgr = value(CFGR), cr = value(CR);
  const auto divider = [](std::uint32_t code) { return (code & 4) != 0 ? (code & 3) + 2 : 1; };
  const std::uint32_t hse = (cr & HSERDY) != 0 ? hse_hz_ : 0, hsi = (cr & HSIRDY) != 0 ? hsi_hz : 0;
  const std::uint32_t pll = (cr & PLLRDY) != 0 ? pll_output(2 * ((value(PLLCFGR) >> 16 & 3) + 1)) : 0;
  const std::uint32_t i2s = (cr & PLLI2SRDY) != 0 ? plli2s_output() : 0;
  const std::uint32_t first[] = {hsi, board.clocks.lse, hse, pll}, second[] = {board.clocks.sysclk, i2s, hse, pll};
  mco1_->set(first[cfgr >> 21 & 3], divider(cfgr >> 24 & 7));
  mco2_->set(second[cfgr >> 30 & 3], divider(cfgr >> 27 & 7));
}

/// The VCO of PLLI2S has the input of the main PLL (7.3.23).
std::uint32_t Rcc::plli2s_output() const {
  const std::uint32_t main = value(PLLCFGR), cfg = value(PLLI2SCFGR), m = main & 0x3F, r = cfg >> 28 & 7;
  if (m == 0 || r == 0) return 0;
  const std::uint64_t source = (main & 1 << 22) != 0 ? hse_hz_ : hsi_hz;
  return static_cast<std::uint32_t>(source * (cfg >> 6 & 0x1FF) / m / r);
}

/// What the RTC counts (7.2.8): LSE and LSI go on in stop and standby mode, HSE does not.
std::uint32_t Rcc::rtc_clock(const Clocks &clocks) const {
  const std::uint32_t backup = value(BDCR), divider = value(CFGR) >> 16 & 31;
  if ((backup & RTCEN) == 0) return 0;
  switch (backup >> 8 & 3) {
    case 1: return clocks.lse;
    case 2: return clocks.lsi;
    case 3: return (value(CR) & HSERDY) != 0 && divider >= 2 && !board.stopped() ? hse_hz_ / divider : 0;
    default: return 0;
  }
}

std::string Rcc::rtc_missing() const {
  const std::uint32_t backup = value(BDCR);
  if ((backup & RTCEN) == 0) return "RCC_BDCR.RTCEN is 0";
  switch (backup >> 8 & 3) {
    case 0: return "RCC_BDCR.RTCSEL is 0";
    case 1: return (backup & 1) != 0 ? "" : "its source LSE is off (RCC_BDCR.LSEON)";
    case 2: return (value(CSR) & 1) != 0 || lsi_forced_ ? "" : "its source LSI is off (RCC_CSR.LSION, which every reset clears)";
    default: return (value(CR) & HSEON) == 0 ? "its source HSE is off (RCC_CR.HSEON)" : (value(CFGR) >> 16 & 31) < 2 ? "RCC_CFGR.RTCPRE is below 2" : "";
  }
}

void Rcc::report(nlohmann::json &) {
  mco1_->settle();
  mco2_->settle();
}

void Rcc::update_clocks() {
  const std::uint32_t wanted = value(CFGR) & 3, cr = value(CR);
  const std::uint32_t needed = wanted == 0 ? HSIRDY : wanted == 1 ? HSERDY : PLLRDY;
  if (wanted == 3) finding("clock_misconfigured", "RCC_CFGR.SW = 3 is not allowed (RM0090 7.3.3)", CFGR);
  else if ((cr & needed) != 0) set(CFGR, (value(CFGR) & ~0xCu) | wanted << 2);

  const std::uint32_t cfgr = value(CFGR), source = cfgr >> 2 & 3;
  const auto divide = [](std::uint32_t code, std::uint32_t top, const std::uint8_t *shifts) {
    return (code & top) != 0 ? shifts[code & (top - 1)] : std::uint8_t{0};
  };
  static constexpr std::uint8_t ahb[] = {1, 2, 3, 4, 6, 7, 8, 9}, apb[] = {1, 2, 3, 4};
  Clocks clocks = board.clocks;
  clocks.sysclk = source == 0 ? hsi_hz : source == 1 ? hse_hz_ : pll_output(2 * ((value(PLLCFGR) >> 16 & 3) + 1));
  clocks.source = source == 0 ? "hsi" : source == 1 ? "hse" : "pll";
  clocks.sysclk = std::max(clocks.sysclk, 1000u);
  const unsigned shift1 = divide(cfgr >> 10 & 7, 4, apb), shift2 = divide(cfgr >> 13 & 7, 4, apb);
  clocks.hclk = clocks.sysclk >> divide(cfgr >> 4 & 15, 8, ahb);
  clocks.pclk1 = clocks.hclk >> shift1;
  clocks.pclk2 = clocks.hclk >> shift2;
  clocks.timclk1 = clocks.pclk1 * (shift1 == 0 ? 1 : 2);
  clocks.timclk2 = clocks.pclk2 * (shift2 == 0 ? 1 : 2);
  clocks.pll48 = (cr & PLLRDY) != 0 ? pll_output(value(PLLCFGR) >> 24 & 15) : 0;
  clocks.plli2s = (cr & PLLI2SRDY) != 0 ? plli2s_output() : 0;
  clocks.lse = (value(BDCR) & 2) != 0 ? 32'768 : 0;
  clocks.lsi = (value(CSR) & 2) != 0 ? 32'000 : 0;
  clocks.rtc = rtc_clock(clocks);
  if (board.stopped()) clocks.pclk1 = clocks.pclk2 = clocks.timclk1 = clocks.timclk2 = 0;
  const Clocks &old = board.clocks;
  const bool changed = clocks.sysclk != old.sysclk || clocks.hclk != old.hclk || clocks.pclk1 != old.pclk1 ||
                       clocks.pclk2 != old.pclk2 || clocks.source != old.source;
  if (clocks.rtc != old.rtc && clocks.rtc != 0 && clocks.rtc != 1'000'000 && (value(BDCR) & RTCSEL) == RTCSEL)
    finding("clock_misconfigured", "the RTC gets " + mhz(clocks.rtc) + " of HSE: RCC_CFGR.RTCPRE must divide it to 1 MHz (RM0090 7.3.3)", CFGR, Severity::note);
  if (changed || clocks.pll48 != old.pll48 || clocks.plli2s != old.plli2s) {
    board.change_clocks(clocks);
  } else if (clocks.lse != old.lse || clocks.lsi != old.lsi || clocks.rtc != old.rtc) {
    board.clocks = clocks;  // nobody else counts by these
    if (auto *rtc = board.find<Rtc>("RTC")) rtc->clock_changed();
  }
  update_outputs();
  if (changed) check_limits();
}

void Rcc::check_limits() {
  const Clocks &clocks = board.clocks;
  const auto limit = [&](const char *name, std::uint32_t hz, std::uint32_t most) {
    if (hz > most)
      finding("clock_too_fast", std::string(name) + " is now " + mhz(hz) + ": at most " + mhz(most) + " (RM0090 7.2; DS8626 table 14)", CFGR);
  };
  limit("SYSCLK", clocks.sysclk, 168'000'000);
  limit("HCLK", clocks.hclk, 168'000'000);
  limit("PCLK1", clocks.pclk1, 42'000'000);
  limit("PCLK2", clocks.pclk2, 84'000'000);
  if (auto *pwr = board.find<Pwr>("PWR"); pwr && !pwr->scale_one() && clocks.hclk > 144'000'000)
    finding("clock_too_fast", "HCLK is now " + mhz(clocks.hclk) + " with the regulator in scale 2 (PWR_CR.VOS = 0): at most 144 MHz (RM0090 5.1.3)", CFGR);
  if (auto *flash = board.find<Flash>("FLASH")) flash->check_wait_states();
}

std::unique_ptr<Peripheral> make_rcc(Board &board, const PeripheralInfo &info) { return std::make_unique<Rcc>(board, info); }

}  // namespace board
