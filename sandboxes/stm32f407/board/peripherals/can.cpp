#include "can.hpp"

#include <algorithm>

#include "../core/core.hpp"
#include "hex.hpp"

namespace board {
namespace {

enum Mcr : std::uint32_t { INRQ = 1, SLEEP = 2, TXFP = 4, RFLM = 8, NART = 16, AWUM = 32, ABOM = 64, TTCM = 128, RESET = 1 << 15 };
enum Msr : std::uint32_t { INAK = 1, SLAK = 2, ERRI = 4, WKUI = 8, SLAKI = 16, TXM = 0x100, RXM = 0x200 };
enum Rfr : std::uint32_t { FULL = 8, FOVR = 16, RFOM = 32 };
enum Ier : std::uint32_t { TMEIE = 1, EWGIE = 0x100, ERRIE = 0x8000, WKUIE = 0x10000, SLKIE = 0x20000 };
constexpr std::uint32_t TXRQ = 1, TGT = 0x100, FINIT = 1, request_flags = 0x0F, fastest = 1'000'000;

}  // namespace

Can::Can(Board &owner, const PeripheralInfo &info)
    : Peripheral(owner, info),
      rx_(owner.pins.signal(std::string(info.name) + "_RX")),
      tx_(owner.pins.signal(std::string(info.name) + "_TX")),
      second_(std::string(info.name) == "CAN2"),
      tx_irq_(Board::irq(std::string(info.name) + "_TX")),
      rx_irq_{Board::irq(std::string(info.name) + "_RX0"), Board::irq(std::string(info.name) + "_RX1")},
      error_irq_(Board::irq(std::string(info.name) + "_SCE")),
      mode_(owner.events, [this] { mode_reached(); }),
      frame_(owner.events, [this] { frame_ends(); }),
      start_(owner.events, [this] { try_to_send(); }),
      recover_(owner.events, [this] { recover(); }),
      script_(owner.events, [this] { script_step(); }) {
  // A transceiver holds the line high while the bus is recessive.
  rx_.on_route = [this] {
    for (const Pin pin : rx_.pins()) board.pins.pull_up_external(pin);
    change_mode();
  };
  rx_.on_change = [this](bool) { change_mode(); };
}

Can::Mode Can::mode() const {
  return (value(MSR) & INAK) != 0 ? Mode::initialisation : (value(MSR) & SLAK) != 0 ? Mode::sleep : Mode::normal;
}

/// A bit is 1 + BS1 + BS2 time quanta of BRP + 1 periods of PCLK1 (32.7.7).
std::uint64_t Can::quanta() const {
  const std::uint32_t btr = value(BTR);
  return (1 + ((btr >> 16 & 15) + 1) + ((btr >> 20 & 7) + 1)) * std::uint64_t{(btr & 0x3FF) + 1};
}

std::uint32_t Can::bit_rate() const { return static_cast<std::uint32_t>(bus_clock() / quanta()); }

Time Can::bit_times(std::uint64_t count) const { return periods(count * quanta(), std::max(1u, bus_clock())); }

std::uint32_t Can::read(std::uint32_t offset) {
  return second_ && offset >= FMR ? 0 : value(offset);  // CAN2 has no filter registers of its own (32.9.5)
}

void Can::write(std::uint32_t offset, std::uint32_t data) {
  if (second_ && !clock_told_ && !board.peripheral("CAN1")->clocked()) {
    clock_told_ = true;
    finding("unclocked_peripheral",
            "CAN2 is used while CAN1 has no clock: it reaches its mailboxes and filters through CAN1; set RCC_APB1ENR.CAN1EN (bit 25) too (RM0090 32.3.4)",
            offset);
  }
  read_script();
  if (offset >= TI0R && offset < RI0R) return write_mailbox(offset, data);
  if (offset >= FMR) return write_filter(offset, data);
  switch (offset) {
    case MCR: return write_control(data);
    case MSR: set(MSR, value(MSR) & ~(data & (ERRI | WKUI | SLAKI))); break;
    case TSR: write_transmit_status(data); break;
    case RF0R: write_fifo(0, data); break;
    case RF1R: write_fifo(1, data); break;
    case BTR: write_timing(data); break;
    default: store(offset, data);
  }
  refresh();
}

void Can::write_control(std::uint32_t data) {
  if ((data & RESET) != 0) return reset();
  if ((data & TTCM) != 0 && (value(MCR) & TTCM) == 0) counted_from_ = board.now();
  store(MCR, data);
  if (mode() == Mode::initialisation && (data & (INRQ | SLEEP)) == 0 && bit_rate() > fastest)
    misuse("BTR of " + name() + " gives " + std::to_string(bit_rate()) + " bit/s: the unit works up to 1 Mbit/s (RM0090 32.2, 32.7.7)", BTR);
  change_mode();
  refresh();
}

/// 32.4: INRQ asks for initialisation, SLEEP for sleep; each is acknowledged when what is on the bus is over.
void Can::change_mode() {
  const std::uint32_t mcr = value(MCR);
  const Mode wanted = (mcr & INRQ) != 0 ? Mode::initialisation : (mcr & SLEEP) != 0 ? Mode::sleep : Mode::normal;
  if (wanted == mode() || !clocked()) return mode_.cancel();
  Time at = later(board.now(), microsecond);
  if (frame_.scheduled()) at = std::max(at, frame_.time());
  if (wanted == Mode::normal) at = later(board.now(), bit_times(11));  // eleven recessive bits (32.4.2)
  mode_.at(at);
}

/// 32.4.2: eleven recessive bits on CAN_RX, unless the unit hears itself only.
bool Can::bus_is_idle() {
  if (loop_back()) return true;
  if (!rx_.require(name() + " waits for eleven recessive bits on the bus to leave initialisation mode (RM0090 32.4.2)")) return false;
  if (!rx_.level(true))
    misuse(name() + " cannot leave initialisation mode: CAN_RX is low, and it waits for eleven recessive bits (RM0090 32.4.2)", MCR);
  return rx_.level(true);
}

void Can::mode_reached() {
  const std::uint32_t mcr = value(MCR);
  const Mode before = mode();
  if ((mcr & INRQ) != 0) {
    if (sending_ >= 0) return mode_.at(later(frame_.time(), 1));
    start_.cancel();
    recover_.cancel();
    set(MSR, (value(MSR) & ~std::uint32_t{SLAK}) | INAK);
  } else if ((mcr & SLEEP) != 0) {
    if (sending_ >= 0) return mode_.at(later(frame_.time(), 1));
    set(MSR, (value(MSR) & ~std::uint32_t{INAK}) | SLAK | SLAKI);
  } else {
    if (before == Mode::initialisation && !bus_is_idle()) return;  // again when the pin changes
    clear_bits(MSR, INAK | SLAK);
    idle_at_ = board.now();
    tx_.drive(true);
    if (off_the_bus() && before == Mode::initialisation) recover_.at(later(board.now(), bit_times(128 * 11)));
    try_to_send();
  }
  refresh();
}

void Can::write_timing(std::uint32_t data) {
  if (mode() == Mode::initialisation) {
    timed_by_ = board.pc();
    if ((data & ~info().at(BTR)->writable) != 0)
      misuse("write of " + hex(data) + " to BTR of " + name() + ": bits 10 to 15, 23 and 26 to 29 are reserved; BRP has ten bits, TS1 begins at bit 16, "
             "TS2 at 20, SJW at 24, each less one (RM0090 32.9.2)",
             BTR);
    return store(BTR, data);
  }
  if (((data ^ value(BTR)) & info().at(BTR)->writable) == 0) return;
  misuse("write to BTR of " + name() + " outside initialisation mode: bit timing and test modes stay as they are; set MCR.INRQ and wait for "
         "MSR.INAK first (RM0090 32.4.1, 32.9.2)",
         BTR);
}

/// With TTCM a counter of bit times stamps each frame at its start (32.7.2); without it the stamps read as zero.
std::uint16_t Can::time_stamp(Time at) const {
  if ((value(MCR) & TTCM) == 0 || at < counted_from_) return 0;
  return static_cast<std::uint16_t>(count_periods(at - counted_from_, bus_clock()) / quanta());
}

// ---- transmit mailboxes ----

std::uint32_t Can::pending_mailboxes() const {
  std::uint32_t bits = 0;
  for (unsigned n = 0; n < 3; ++n)
    if (mailboxes_[n].pending) bits |= 1u << n;
  return bits;
}

/// TME, CODE and LOW follow from the mailboxes (32.9.2).
void Can::show_transmit_status() {
  const std::uint32_t pending = pending_mailboxes();
  std::uint32_t code = 0, low = 0;
  int lowest = -1, count = 0;
  for (int n = 0; n < 3; ++n) {
    if ((pending >> n & 1) == 0) continue;
    ++count;
    if (lowest < 0 || frame_in(n).rank() >= frame_in(lowest).rank()) lowest = n;
  }
  if (count > 1) low = 1u << lowest;
  code = pending == 7 ? static_cast<std::uint32_t>(lowest) : (pending & 1) == 0 ? 0 : (pending & 2) == 0 ? 1 : 2;
  set(TSR, (value(TSR) & 0x000F0F0F) | code << 24 | (~pending & 7) << 26 | low << 29);
}

void Can::write_transmit_status(std::uint32_t data) {
  for (int n = 0; n < 3; ++n) {
    const std::uint32_t flags = data >> 8 * n;
    if ((flags & 1) != 0) clear_bits(TSR, request_flags << 8 * n);  // RQCP takes the others with it
    clear_bits(TSR, (flags & 0xE) << 8 * n);
    Mailbox &box = mailboxes_[static_cast<std::size_t>(n)];
    if ((flags & 0x80) == 0 || !box.pending) continue;
    if (n == sending_) box.abort = true;  // 32.7.1: decided when the frame is over
    else finish_mailbox(n, 1);
  }
  show_transmit_status();
}

void Can::write_mailbox(std::uint32_t offset, std::uint32_t data) {
  const auto n = (offset - TI0R) / 16;
  Mailbox &box = mailboxes_[n];
  if (box.pending)
    return misuse("write to mailbox " + std::to_string(n) + " of " + name() + " while it waits to be sent (TSR.TME" + std::to_string(n) +
                      " is 0): its registers are write-protected and the write is lost; take a mailbox whose TME is set (RM0090 32.7.1, 32.9.3)",
                  offset);
  if ((offset - TI0R) % 16 == 4 && (data & TGT) != 0 && (value(MCR) & TTCM) != 0)
    unsupported("TDT" + std::to_string(n) + "R.TGT (the time stamp is sent with the frame)");
  store(offset, data);
  if ((offset - TI0R) % 16 != 0 || (data & TXRQ) == 0) return;
  if ((value(TI0R + 16 * n + 4) & 15) > 8)
    finding("can_misuse", "mailbox " + std::to_string(n) + " of " + name() + " is sent with TDT" + std::to_string(n) +
                              "R.DLC above 8: a frame has 8 bytes at most (RM0090 32.9.3)", offset + 4, Severity::note);
  box = {true, false, ++orders_, board.pc()};
  clear_bits(TSR, request_flags << 8 * n);
  if (silent() && !loop_back() && mode() == Mode::normal)
    misuse("mailbox " + std::to_string(n) + " of " + name() + " is to be sent in silent mode: the unit listens only and starts no frame (RM0090 32.5.1)", offset);
  show_transmit_status();
  refresh();
  try_to_send();
}

// ---- receive FIFOs ----

void Can::show_fifo(int fifo) {
  auto &queue = fifos_[static_cast<std::size_t>(fifo)];
  const std::uint32_t status = RF0R + 4 * static_cast<std::uint32_t>(fifo), at = fifo == 0 ? RI0R : RI1R;
  set(status, (value(status) & ~3u) | static_cast<std::uint32_t>(queue.size()));
  if (queue.empty()) return;
  const Received &front = queue.front();
  set(at, front.frame.identifier_register());
  set(at + 4, std::uint32_t{front.stamp} << 16 | std::uint32_t{front.filter} << 8 | (front.frame.length & 15u));
  set(at + 8, front.frame.word(0));
  set(at + 12, front.frame.word(1));
}

void Can::write_fifo(int fifo, std::uint32_t data) {
  const std::uint32_t offset = RF0R + 4 * static_cast<std::uint32_t>(fifo);
  auto &queue = fifos_[static_cast<std::size_t>(fifo)];
  clear_bits(offset, data & (FULL | FOVR));
  if ((data & RFOM) != 0 && !queue.empty()) queue.pop_front();
  if (queue.size() < 3) clear_bits(offset, FULL);
  show_fifo(fifo);
}

// ---- filters ----

void Can::write_filter(std::uint32_t offset, std::uint32_t data) {
  if (second_)
    return misuse("CAN2 has no filter registers: the banks of both controllers are set in CAN1, from CAN1_FMR.CAN2SB on for CAN2 (RM0090 32.7.4, 32.9.4)", offset);
  const bool initialising = (value(FMR) & FINIT) != 0;
  const bool changes = ((data ^ value(offset)) & info().at(offset)->writable) != 0;
  const bool locked = offset == FM1R || offset == FS1R || offset == FFA1R;
  if (locked && !initialising) {
    if (changes)
      misuse(std::string("write to ") + info().at(offset)->name + " of CAN1 while FMR.FINIT is 0: mode, scale and FIFO of the filters stay as they are "
                 "(RM0090 32.9.4)",
             offset);
    return;
  }
  const std::uint32_t bank = (offset - F0R1) / 8;
  if (offset >= F0R1 && !initialising && (value(FA1R) >> bank & 1) != 0) {
    if (changes)
      misuse(std::string("write to ") + info().at(offset)->name + " of CAN1 while the bank is active (FA1R.FACT" + std::to_string(bank) +
                 ") and FMR.FINIT is 0: the filter stays as it is (RM0090 32.9.4)",
             offset);
    return;
  }
  store(offset, data);
}

// ---- interrupts (32.8) ----

void Can::refresh() {
  const std::uint32_t ier = value(IER), msr = value(MSR);
  interrupt(tx_irq_, (ier & TMEIE) != 0 && (value(TSR) & 0x00010101) != 0);
  for (int fifo = 0; fifo < 2; ++fifo) {
    const std::uint32_t status = value(RF0R + 4 * static_cast<std::uint32_t>(fifo)), enabled = ier >> (fifo == 0 ? 1 : 4);
    const bool pending = (status & 3) != 0 && (enabled & 1) != 0;
    interrupt(rx_irq_[fifo], pending || ((status & FULL) != 0 && (enabled & 2) != 0) || ((status & FOVR) != 0 && (enabled & 4) != 0));
  }
  interrupt(error_irq_, ((msr & ERRI) != 0 && (ier & ERRIE) != 0) || ((msr & WKUI) != 0 && (ier & WKUIE) != 0) ||
                            ((msr & SLAKI) != 0 && (ier & SLKIE) != 0));
}

void Can::reset() {
  Peripheral::reset();
  for (Event *event : {&mode_, &frame_, &start_, &recover_}) event->cancel();
  mailboxes_ = {};
  for (auto &queue : fifos_) queue.clear();
  sending_ = -1;
  transmit_errors_ = receive_errors_ = 0;
  tx_.release();
  for (const int irq : {tx_irq_, rx_irq_[0], rx_irq_[1], error_irq_}) interrupt(irq, false);
}

void Can::gate_changed(bool on) {
  if (!on)
    for (Event *event : {&mode_, &frame_, &start_, &recover_}) event->cancel();
  else read_script();
}

void Can::report(nlohmann::json &report) {
  const std::uint32_t pending = pending_mailboxes();
  for (unsigned n = 0; n < 3; ++n) {
    if ((pending >> n & 1) == 0 || mode() == Mode::normal) continue;
    Finding finding;
    finding.kind = "can_misuse";
    finding.text = "mailbox " + std::to_string(n) + " of " + name() + " was never sent: the unit is still in " +
                   (mode() == Mode::sleep ? "sleep mode (MSR.SLAK); clear MCR.SLEEP" : "initialisation mode (MSR.INAK); clear MCR.INRQ") +
                   " and wait for the acknowledge (RM0090 32.4)";
    finding.peripheral = name(), finding.register_name = "MCR", finding.address = info().base;
    board.findings.add_at(mailboxes_[n].requested, std::move(finding));
  }
  if (writes == 0) return;
  report["can"][plan_name(name())] = {{"bit_rate", bit_rate()}, {"sent", sent_}, {"received", received_}, {"failed", failed_}};
}

std::unique_ptr<Peripheral> make_can(Board &board, const PeripheralInfo &info) { return std::make_unique<Can>(board, info); }

}  // namespace board
