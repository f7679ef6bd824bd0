// The SDIO's registers, its clock and its command path.
#include "sdio.hpp"

#include <algorithm>

#include "sdio_bits.hpp"

namespace board {
using namespace sdio;

Sdio::Sdio(Board &owner, const PeripheralInfo &info)
    : Peripheral(owner, info),
      ck_(owner.pins.signal("SDIO_CK")),
      cmd_(owner.pins.signal("SDIO_CMD")),
      dma_(owner.dma_requests.line("SDIO")),
      irq_(Board::irq("SDIO")),
      command_event_(owner.events, [this] { command_step(); }),
      card_event_(owner.events, [this] { card_starts(); }),
      data_event_(owner.events, [this] { data_step(); }),
      timer_event_(owner.events, [this] { time_out(); }) {
  for (std::size_t n = 0; n < data_.size(); ++n) data_[n] = &owner.pins.signal("SDIO_D" + std::to_string(n));
  if (const auto &plan = owner.plan("sd"); plan.is_object()) card_ = std::make_unique<SdCard>(plan);
}

// ---- clock and pins ----

/// SDIO_CK in Hz: 48 MHz / (CLKDIV + 2), or all of it with BYPASS (31.9.2); 0 while something of it is off.
std::uint32_t Sdio::card_clock() const {
  const std::uint32_t bits = value(CLKCR), kernel = board.clocks.pll48;
  if (!clocked() || (value(POWER) & 3) != 3 || (bits & CLKEN) == 0) return 0;
  return bits & BYPASS ? kernel : kernel / ((bits & 0xFF) + 2);
}

Time Sdio::clocks(std::uint64_t count) const { return periods(count, card_clock()); }

/// The card's clock has changed its rate, or begins: what waits for it goes on. What is under way keeps its time.
void Sdio::clock_moved() {
  const bool runs = card_clock() != 0;
  if (!runs) return command_event_.cancel(), card_event_.cancel(), data_event_.cancel(), timer_event_.cancel();
  if (card_ && card_->sends() && !card_event_.scheduled() && !command_open_) card_event_.at(later(board.now(), clocks(8)));
  if (command_open_ && !command_event_.scheduled()) command_event_.at(later(board.now(), clocks(command_bits)));
  const bool moves = path_ == Path::receive || path_ == Path::send || path_ == Path::busy;
  if (moves && !data_event_.scheduled()) data_event_.at(later(board.now(), clocks(8)));
  if ((path_ == Path::wait_receive || path_ == Path::busy) && !timer_event_.scheduled()) timer_event_.at(later(board.now(), clocks(value(DTIMER))));
}

/// Do clock and command, or the data lines of the bus, reach the card?
bool Sdio::wired(bool data) {
  if (!data) {
    const bool clock = ck_.require("the SDIO clocks the card");
    return cmd_.require("the SDIO sends a command") && clock;
  }
  bool all = true;
  const std::string what = "the SDIO transfers data over " + std::to_string(lines()) + (lines() == 1 ? " line" : " lines");
  for (int n = 0; n < lines(); ++n) all = data_[static_cast<std::size_t>(n)]->require(what) && all;
  return all;
}

void Sdio::misuse(std::uint32_t offset, const std::string &text, Severity severity, std::uint32_t at) {
  if (at == 0) return finding("sdio_misuse", text, offset, severity);
  Finding finding;
  finding.kind = "sdio_misuse", finding.severity = severity, finding.text = text;
  finding.peripheral = name(), finding.register_name = info().at(offset)->name, finding.address = info().base + offset;
  board.findings.add_at(at, std::move(finding));
}

// ---- registers ----

/// The FIFO answers at 32 words in a row (31.9.15).
std::uint32_t Sdio::alias(std::uint32_t offset) const {
  return offset >= FIFO && offset < FIFO + 4 * fifo_words ? static_cast<std::uint32_t>(FIFO) : offset;
}

std::uint32_t Sdio::peek(std::uint32_t offset) { return offset == STA ? value(STA) | fifo_flags() : value(offset); }

std::uint32_t Sdio::read(std::uint32_t offset) {
  if (offset == FIFO) return take_word();
  return peek(offset);
}

void Sdio::write(std::uint32_t offset, std::uint32_t data) {
  switch (offset) {
    case POWER:
      store(POWER, data);
      clock_moved();
      break;
    case CLKCR:
      if ((data >> 11 & 3) > 1) unsupported("CLKCR.WIDBUS (8 data lines, for MMC)");
      store(CLKCR, data);
      check_kernel_clock();
      clock_moved();
      break;
    case CMD:
      store(CMD, data);
      if (data & CPSMEN) write_command(data);
      break;
    case DCTRL:
      write_data_control(data);
      break;
    case ICR:
      clear_bits(STA, data & static_flags);
      break;
    case FIFO:
      put_word(data);
      break;
    default:
      store(offset, data);
  }
  refresh();
}

/// 7.3.2: PLLQ must leave 48 MHz or less.
void Sdio::check_kernel_clock() {
  if ((value(CLKCR) & CLKEN) == 0 || board.clocks.pll48 <= 48'000'000) return;
  finding("clock_too_fast",
          "the SDIO's clock is " + std::to_string(board.clocks.pll48) + " Hz: PLLQ must divide the VCO to 48 MHz or less (RM0090 7.3.2)", CLKCR);
}

void Sdio::refresh() {
  const std::uint32_t status = value(STA) | fifo_flags();
  interrupt(irq_, (status & value(MASK)) != 0);
  const bool wants = receiving() ? !fifo_.empty() : sending() && fifo_.size() < fifo_words && value(FIFOCNT) != 0;
  dma_.set((value(DCTRL) & DMAEN) != 0 && wants && clocked());
}

void Sdio::reset() {
  Peripheral::reset();
  for (Event *event : {&command_event_, &card_event_, &data_event_, &timer_event_}) event->cancel();
  command_open_ = sent_ = width_told_ = full_told_ = false;
  path_ = Path::idle;
  fifo_.clear();
  dma_.drop();
  interrupt(irq_, false);
}

void Sdio::report(nlohmann::json &report) {
  if (!card_) return;
  if (card_->waits_for_host())
    misuse(CMD, "the card stays busy: one of high capacity becomes ready (bit 31 of ACMD41's answer) only after CMD8 and with HCS, bit 30, in the "
           "argument of ACMD41 (RM0090 31.4.4; SD specification 4.2.3)", Severity::note, command_at_);
  const auto &asked = board.plan("blocks");
  report["sd"] = card_->report(asked.is_array() ? asked : nlohmann::json::array());
}

// ---- the command path (31.3.1, "Command path state machine") ----

void Sdio::write_command(std::uint32_t data) {
  if (data & (WAITINT | WAITPEND)) return unsupported("CMD.WAITINT or WAITPEND (interrupt mode, stream transfers)");
  if (data & special_commands) return unsupported("CMD: suspend commands and CE-ATA");
  if (command_open_)
    misuse(CMD, "command " + std::to_string(data & 63) + " is written while the one before is still under way (STA.CMDACT is 1): wait for CMDSENT, "
           "CMDREND, CCRCFAIL or CTIMEOUT, and clear it before the next command (RM0090 31.3.1, 31.9.11)");
  if (!card_ && !has_asked_) {
    has_asked_ = true;
    misuse(CMD, "a command is sent, but no card is in the slot: nothing answers", Severity::note);
  }
  wired(false);
  command_open_ = true;
  sent_ = false;
  command_at_ = board.pc();
  set_bits(STA, CMDACT);
  if (card_clock() == 0) {
    const char *why = (value(POWER) & 3) != 3          ? "PWRCTRL in SDIO_POWER is not 3"
                      : (value(CLKCR) & CLKEN) == 0 ? "CLKEN in SDIO_CLKCR is 0"
                                                    : "the PLL's 48 MHz output is off";
    return misuse(CMD, "command " + std::to_string(data & 63) + " waits for a clock that does not run: " + why + " (RM0090 31.3, 31.9.1, 31.9.2)");
  }
  command_event_.at(later(board.now(), clocks(command_bits)));
}

/// SD 2.00, 6.6.6 and 6.7: 400 kHz until the card has its address, then 25 MHz, 50 after a switch to high speed.
void Sdio::check_clock(int index) {
  const std::uint32_t rate = card_clock();
  const std::string what = "command " + std::to_string(index) + " goes to the card at " + std::to_string(rate) + " Hz: ";
  if (card_->identifying(board.now()) && rate > 400'000)
    misuse(CLKCR, what + "until it has been given its address (CMD3) a card takes 400 kHz at most; CLKDIV of 118 or more (RM0090 31.4.2, 31.9.2; "
           "SD specification 4.2.1)", Severity::error, command_at_);
  else if (rate > (card_->fast() ? 50'000'000u : 25'000'000u))
    misuse(CLKCR, what + "a card takes 25 MHz at most unless CMD6 has switched it to high speed (RM0090 31.9.2; SD specification 4.3.10)",
           Severity::error, command_at_);
}

void Sdio::command_step() {
  sent_ ? command_answered() : command_sent();
  refresh();
}

/// The last bit of the command is out.
void Sdio::command_sent() {
  const int index = static_cast<int>(value(CMD) & 63);
  reply_ = {};
  if (wired(false) && card_) {
    check_clock(index);
    const bool was_sending = card_->sends(), had_data = card_event_.scheduled();
    reply_ = card_->command(index, value(ARG), board.now());
    if (had_data && !card_->sends()) card_event_.cancel();  // CMD12, CMD0
    if (was_sending && !card_->sends() && path_ == Path::receive) spoilt_ = true;
    if (!was_sending && card_->sends()) card_event_.at(later(board.now(), clocks(answer_gap + command_bits) + SdCard::access_time));
  }
  if ((value(CMD) >> 6 & 1) == 0) {  // WAITRESP 0 or 2: none
    command_open_ = false;
    clear_bits(STA, CMDACT);
    return set_bits(STA, CMDSENT);
  }
  sent_ = true;
  const bool silent = reply_.kind == CardReply::Kind::none;
  if (silent && card_ && !card_->silence().empty())
    misuse(CMD, "the card does not answer command " + std::to_string(index) + ": " + card_->silence(), Severity::note, command_at_);
  const std::uint64_t length = reply_.kind == CardReply::Kind::long_reply ? long_bits : command_bits;
  command_event_.at(later(board.now(), clocks(silent ? response_timeout : answer_gap + length)));
}

/// The answer is complete, or the time for it is over.
void Sdio::command_answered() {
  command_open_ = false;
  clear_bits(STA, CMDACT);
  if (reply_.kind == CardReply::Kind::none) return set_bits(STA, CTIMEOUT);
  const bool is_long = reply_.kind == CardReply::Kind::long_reply, wants_long = (value(CMD) >> 6 & 3) == 3;
  // Without an index in the answer the field reads as ones (31.9.5).
  set(RESPCMD, reply_.kind == CardReply::Kind::short_reply ? value(CMD) & 63 : 63);
  for (std::uint32_t n = 0; n < (wants_long ? 4u : 1u); ++n) set(RESP1 + 4 * n, reply_.words[n] & (wants_long && n == 3 ? ~1u : ~0u));
  // An answer of the other length, or one that carries no checksum (R3), fails the check.
  set_bits(STA, is_long != wants_long || reply_.kind == CardReply::Kind::short_open ? CCRCFAIL : CMDREND);
}

std::unique_ptr<Peripheral> make_sdio(Board &board, const PeripheralInfo &info) { return std::make_unique<Sdio>(board, info); }

}  // namespace board
