#include "i2s.hpp"

#include <algorithm>

#include "hex.hpp"

namespace board {
namespace {

enum Configuration : std::uint32_t { CHLEN = 1, I2SE = 0x400, I2SMOD = 0x800 };
enum Prescaler : std::uint32_t { ODD = 0x100, MCKOE = 0x200 };
enum Sr : std::uint32_t { TXE = 2, CHSIDE = 4, BSY = 128 };
constexpr std::uint32_t cfgr_offset = 0x1C, pr_offset = 0x20, sr_offset = 0x08, dr_offset = 0x0C;
constexpr std::uint32_t rcc_cfgr = 0x08, rcc_plli2scfgr = 0x84, i2ssrc = 1 << 23;
constexpr std::size_t most_samples = 4096;

}  // namespace

I2s::I2s(Board &board, Spi &unit, const std::string &name)
    : board_(board),
      unit_(unit),
      name_(name),
      ck_(board.pins.signal(name + "_CK")),
      ws_(board.pins.signal(name + "_WS")),
      sd_(board.pins.signal(name + "_SD")),
      mck_(board.pins.signal(name + "_MCK")),
      sent_(board.events, [this] { word_sent(); }),
      check_(board.events, [this] { check_started(); }) {}

std::uint32_t I2s::configuration() const { return unit_.value(cfgr_offset); }
std::uint32_t I2s::prescaler() const { return unit_.value(pr_offset); }
bool I2s::running() const { return (configuration() & (I2SMOD | I2SE)) == (I2SMOD | I2SE); }
int I2s::data_bits() const { return 16 + 8 * static_cast<int>(std::min(configuration() >> 1 & 3, 2u)); }

/// 28.4.4: the source is divided by 2 I2SDIV + ODD, and by 8 or 4 more for the bit clock if it is the master clock that is made.
std::uint32_t I2s::divider() const { return std::max(1u, 2 * (prescaler() & 0xFF) + ((prescaler() & ODD) != 0 ? 1 : 0)); }
std::uint64_t I2s::bit_divider() const {
  return std::uint64_t{divider()} * ((prescaler() & MCKOE) == 0 ? 1 : channel_bits() == 16 ? 8 : 4);
}
std::uint32_t I2s::rate() const { return board_.stopped() ? 0 : board_.clocks.plli2s; }
double I2s::sample_rate() const {
  return static_cast<double>(rate()) / static_cast<double>(bit_divider() * 2 * static_cast<std::uint64_t>(channel_bits()));
}

void I2s::misuse(const std::string &text, std::uint32_t offset, Severity severity) { unit_.finding("i2s_misuse", text, offset, severity); }

// ---- registers ----

void I2s::write_configuration(std::uint32_t data) {
  const std::uint32_t before = configuration(), changed = (before ^ data) & 0xFBF;
  if ((before & I2SE) != 0 && (data & I2SE) != 0 && (changed & ~std::uint32_t{I2SE}) != 0)
    unit_.finding("peripheral_enabled_while_configured",
                  "I2SCFGR of " + unit_.name() + " is changed while I2SE is 1: the configuration must stand while the unit is on (RM0090 28.5.8)", cfgr_offset);
  if ((changed & I2SMOD) != 0 && (unit_.value(0) & 0x40) != 0)
    misuse("I2SCFGR.I2SMOD of " + unit_.name() + " is changed while SPE is 1: choose between SPI and I2S while the unit is off (RM0090 28.5.8)", cfgr_offset);
  if ((data & (I2SE | I2SMOD)) == I2SE)
    misuse("I2SCFGR.I2SE of " + unit_.name() + " is set while I2SMOD is 0: the unit stays an SPI (RM0090 28.5.8)", cfgr_offset);
  if (running() && (data & I2SE) == 0 && busy_)
    misuse(name_ + " is switched off (I2SE = 0) in the middle of a sample: wait for TXE = 1, then BSY = 0 (RM0090 28.4.5)", cfgr_offset, Severity::note);
  const bool was = running();
  unit_.store(cfgr_offset, data);
  if (running() && !was) start();
  if (!running() && was) stop();
}

void I2s::write_prescaler(std::uint32_t data) {
  if (running() && ((prescaler() ^ data) & 0x3FF) != 0)
    unit_.finding("peripheral_enabled_while_configured",
                  "I2SPR of " + unit_.name() + " is changed while I2SE is 1: the prescaler may be written only while the unit is off (RM0090 28.5.9)", pr_offset);
  unit_.store(pr_offset, data);
}

/// What this model leaves out is refused; what the manual forbids is told.
void I2s::check_configuration() {
  static const char *const modes[] = {"slave that transmits", "slave that receives", "", "master that receives"};
  const std::uint32_t cfgr = configuration(), mode = cfgr >> 8 & 3;
  if (mode != 2) unit_.unsupported("I2SCFGR.I2SCFG = " + std::to_string(mode) + " (" + modes[mode] + ")");
  if ((cfgr >> 4 & 3) == 3) unit_.unsupported("I2SCFGR.I2SSTD = 3 (PCM standard)");
  Peripheral &rcc = *board_.peripheral("RCC");
  if ((rcc.peek(rcc_cfgr) & i2ssrc) != 0) unit_.unsupported("RCC_CFGR.I2SSRC (clock of I2S from the pin I2S_CKIN)");
  if ((cfgr >> 1 & 3) == 3) misuse("I2SCFGR.DATLEN of " + unit_.name() + " is 3, which is not allowed (RM0090 28.5.8)", cfgr_offset);
  if ((prescaler() & 0xFF) < 2)
    misuse("I2SPR.I2SDIV of " + unit_.name() + " is " + std::to_string(prescaler() & 0xFF) + ": 0 and 1 are forbidden (RM0090 28.5.9)", pr_offset);
  const std::uint32_t pll = rcc.peek(rcc_plli2scfgr), n = pll >> 6 & 0x1FF, r = pll >> 28 & 7;
  if (rate() != 0 && (n < 50 || n > 432 || r < 2))
    misuse("PLLI2S, which clocks " + name_ + ", has PLLI2SN = " + std::to_string(n) + " and PLLI2SR = " + std::to_string(r) +
               ": they must be 50 to 432 and 2 to 7 (RM0090 7.3.23)",
           cfgr_offset);
}

void I2s::start() {
  started_by_ = board_.pc();
  check_configuration();
  channel_ = part_ = 0;
  busy_ = false;
  stopped_at_ = never;
  bit_clock_ = std::make_unique<ClockOutput>(board_, name_ + "_CK");
  master_clock_ = std::make_unique<ClockOutput>(board_, name_ + "_MCK");
  unit_.clear_bits(sr_offset, CHSIDE);
  if ((prescaler() & MCKOE) != 0) mck_.require(name_ + " gives out its master clock");
  check_.at(later(board_.now(), millisecond));
  show_clocks();
  if (unit_.transmit_full_) load();
}

void I2s::stop() {
  sent_.cancel();
  check_.cancel();
  busy_ = false;
  unit_.clear_bits(sr_offset, BSY | CHSIDE);
  for (auto *clock : {&bit_clock_, &master_clock_})
    if (*clock) (*clock)->settle();
  bit_clock_.reset();
  master_clock_.reset();
  for (Signal *signal : {&ck_, &mck_, &ws_, &sd_}) {
    signal->on_route = nullptr;
    signal->release();
  }
}

/// Switched on for a while: is there a clock?
void I2s::check_started() {
  if (!running() || rate() != 0) return;
  Finding finding;
  finding.kind = "i2s_misuse";
  finding.text = name_ + " is switched on, but its clock stands still: PLLI2S is off; set RCC_CR.PLLI2SON and wait for PLLI2SRDY (RM0090 7.3.1, 28.4.4)";
  finding.peripheral = unit_.name(), finding.register_name = "I2SCFGR", finding.address = unit_.info().base + cfgr_offset;
  board_.findings.add_at(started_by_, std::move(finding));
}

/// The master clock runs while the unit is on, the bit clock while there is something to send.
void I2s::show_clocks() {
  if (!bit_clock_) return;
  master_clock_->set(running() && (prescaler() & MCKOE) != 0 ? rate() : 0, divider());
  bit_clock_->set(busy_ ? rate() : 0, static_cast<std::uint32_t>(bit_divider()));
}

// ---- the stream ----

void I2s::write_data(std::uint32_t data) {
  if (unit_.transmit_full_)
    misuse("DR of " + unit_.name() + " is written while TXE is 0: the word that waits in the transmit buffer is lost; wait for TXE before each write "
           "(RM0090 28.4.5)",
           dr_offset);
  unit_.transmit_ = static_cast<std::uint16_t>(data);
  unit_.transmit_full_ = true;
  unit_.clear_bits(sr_offset, TXE);
  if (running() && !busy_) load();
}

/// Moves the waiting word to the shift register. Left comes first; WS is low for it in the Philips standard, high in the others (28.4.3).
void I2s::load() {
  if (!busy_) {
    ck_.require(name_ + " sends its bit clock");
    ws_.require(name_ + " sends the word select");
    sd_.require(name_ + " sends data");
    if (stopped_at_ != never && board_.now() - stopped_at_ < 10 * millisecond && gaps_++ == 0)
      misuse("data for " + name_ + " came too late: its clock stood still between two samples; keep DR full, at best by DMA (RM0090 28.4.5)", dr_offset,
             Severity::note);
    busy_ = true;
    origin_ = board_.now();
    bits_ = 0;
    show_clocks();
  }
  if (part_ == 0) ws_.drive((channel_ == 1) == ((configuration() >> 4 & 3) == 0));
  take(unit_.transmit_);
  unit_.transmit_full_ = false;
  bits_ += words_per_channel() == 2 ? 16 : static_cast<std::uint64_t>(channel_bits());
  if (++part_ == words_per_channel()) part_ = 0, channel_ ^= 1;
  unit_.set_bits(sr_offset, TXE | BSY);
  if (channel_ == 1) unit_.set_bits(sr_offset, CHSIDE);
  else unit_.clear_bits(sr_offset, CHSIDE);
  schedule();
}

void I2s::schedule() {
  if (rate() == 0) return sent_.cancel();
  sent_.at(later(origin_, periods(bits_ * bit_divider(), rate())));
}

void I2s::word_sent() {
  if (unit_.transmit_full_) {
    load();
  } else {
    busy_ = false;
    stopped_at_ = board_.now();
    unit_.clear_bits(sr_offset, BSY);
    show_clocks();
  }
  unit_.refresh();
}

/// For the report: signed samples, the upper half of a long one comes first.
void I2s::take(std::uint16_t word) {
  if (words_per_channel() == 2 && part_ == 0) return static_cast<void>(upper_ = word);
  reported_rate_ = sample_rate();
  frames_ += channel_ == 1;
  auto &list = samples_[static_cast<std::size_t>(channel_)];
  if (list.size() >= most_samples) return;
  if (words_per_channel() == 1) return list.push_back(static_cast<std::int16_t>(word));
  const auto whole = static_cast<std::int32_t>(std::uint32_t{upper_} << 16 | word);
  list.push_back(data_bits() == 24 ? whole >> 8 : whole);
}

void I2s::reset() {
  stop();
  stopped_at_ = never;
}

/// The origin moves to the present: what is left of the running word is sent anew at the new rate.
void I2s::clock_changed() {
  show_clocks();
  if (!busy_) return;
  origin_ = board_.now();
  bits_ = words_per_channel() == 2 ? 16 : static_cast<std::uint64_t>(channel_bits());
  schedule();
}

void I2s::report(nlohmann::json &report) {
  if (bit_clock_) bit_clock_->settle(), master_clock_->settle();
  if (frames_ == 0 && samples_[0].empty()) return;
  report["i2s"][plan_name(name_)] = {{"sample_rate", reported_rate_}, {"bits", data_bits()}, {"frames", frames_},
                                     {"gaps", gaps_}, {"left", samples_[0]}, {"right", samples_[1]}};
}

}  // namespace board
