// DMA1 and DMA2 (RM0090 chapter 10): eight streams each, in direct or FIFO mode.
#include "dma.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace board {
namespace {

enum Cr : std::uint32_t {
  EN = 1, DMEIE = 2, TEIE = 4, HTIE = 8, TCIE = 16, PFCTRL = 32, CIRC = 1 << 8, PINC = 1 << 9, MINC = 1 << 10,
  PINCOS = 1 << 15, DBM = 1 << 18, CT = 1 << 19,
};
/// Bits that are protected while the stream is on (10.5.5): all but the interrupt enables.
constexpr std::uint32_t protected_bits = 0x0FEFFFE0 & ~static_cast<std::uint32_t>(CIRC);
enum Flag : std::uint32_t { FEIF = 1, DMEIF = 4, TEIF = 8, HTIF = 16, TCIF = 32, all_flags = 61 };

struct RequestRow {
  int controller, stream, channel;
  const char *name;
};
#define D(controller, stream, channel, name) {controller, stream, channel, name},
constexpr RequestRow request_rows[] = {
#include "../dma.inc"
};
#undef D

/// How long a stream may wait for a request before a request on another channel counts as missed.
constexpr Time patience = 5 * millisecond;

/// PSIZE, MSIZE: 1, 2 or 4 bytes (the fourth code is reserved).
int width(std::uint32_t code) { return 1 << std::min(code & 3, 2u); }

bool in_ccm(std::uint32_t address) { return address >= 0x10000000 && address < 0x10010000; }

}  // namespace

Dma::Dma(Board &owner, const PeripheralInfo &info)
    : Peripheral(owner, info),
      number_(std::atoi(info.name + 3)),
      master_(number_ == 1 ? Master::dma1 : Master::dma2),
      work_(owner.events, [this] { serve(); }),
      check_(owner.events, [this] { check(); }) {
  for (int n = 0; n < 8; ++n) irqs_[static_cast<std::size_t>(n)] = Board::irq(name() + "_Stream" + std::to_string(n));
  for (const RequestRow &row : request_rows) {
    if (row.controller != number_ || std::string(row.name).rfind("SDIO_", 0) == 0) continue;  // the SDIO has one request for both ways
    DmaRequest &line = board.dma_requests.line(row.name);
    line.on_active = [this] { wake(); };
    sources_.push_back({row.stream, row.channel, row.name, &line});
  }
}

/// Where the flags of a stream are in LISR/HISR (10.5.1, 10.5.2).
int Dma::flag_shift(int stream) {
  constexpr int shifts[4] = {0, 6, 16, 22};
  return shifts[stream & 3];
}

std::uint32_t Dma::flags(int stream) const { return value(stream < 4 ? LISR : HISR) >> flag_shift(stream) & all_flags; }

void Dma::raise(int stream, std::uint32_t bits) {
  set_bits(stream < 4 ? LISR : HISR, bits << flag_shift(stream));
  interrupts(stream);
}

void Dma::interrupts(int stream) {
  const std::uint32_t cr = control(stream), set = flags(stream);
  const bool level = ((set & TCIF) != 0 && (cr & TCIE) != 0) || ((set & HTIF) != 0 && (cr & HTIE) != 0) ||
                     ((set & TEIF) != 0 && (cr & TEIE) != 0) || ((set & DMEIF) != 0 && (cr & DMEIE) != 0) ||
                     ((set & FEIF) != 0 && (value(at(stream, FCR)) & 0x80) != 0);
  interrupt(irqs_[static_cast<std::size_t>(stream)], level);
}

std::uint32_t Dma::read(std::uint32_t offset) { return offset == LIFCR || offset == HIFCR ? 0 : value(offset); }

void Dma::write(std::uint32_t offset, std::uint32_t data) {
  if (offset == LIFCR || offset == HIFCR) {
    clear_bits(offset - LIFCR, data);
    for (int n = 0; n < 4; ++n) interrupts(n + (offset == HIFCR ? 4 : 0));
    return;
  }
  if (offset < 0x10) return;
  const int stream = static_cast<int>(offset - 0x10) / 0x18;
  const std::uint32_t which = (offset - 0x10) % 0x18;
  if (which == CR) return write_control(stream, data);
  if (on(stream) && !writable_while_on(stream, which, data)) return;
  if (which == FCR) set(offset, (value(offset) & 0x38) | (data & 0x87));
  else store(offset, data);
  if (which == FCR) interrupts(stream);
  if (which == NDTR) streams_[static_cast<std::size_t>(stream)].programmed = value(offset);
}

/// 10.5.6 to 10.5.10: the counter, the addresses and the FIFO's set-up wait until the stream is off. In double buffer mode
/// the address that is not in use may be changed (10.3.9).
bool Dma::writable_while_on(int stream, std::uint32_t which, std::uint32_t data) {
  const std::uint32_t cr = control(stream);
  if ((cr & DBM) != 0 && ((which == M0AR && (cr & CT) != 0) || (which == M1AR && (cr & CT) == 0))) return true;
  if (which == FCR && ((value(at(stream, FCR)) ^ data) & 0x07) == 0) return true;
  if (value(at(stream, which)) == data) return false;
  static const char *const names[6] = {"CR", "NDTR", "PAR", "M0AR", "M1AR", "FCR"};
  finding("peripheral_enabled_while_configured",
          "S" + std::to_string(stream) + names[which / 4] + " of " + name() +
              " is written while the stream is on (EN = 1 in S" + std::to_string(stream) +
              "CR): the write has no effect; clear EN and wait until it reads 0 first (RM0090 10.3.17, 10.5)",
          at(stream, which));
  return false;
}

void Dma::write_control(int stream, std::uint32_t data) {
  const std::uint32_t before = control(stream), offset = at(stream, CR);
  if ((before & EN) != 0 && (data & EN) != 0 && ((before ^ data) & protected_bits) != 0) {
    finding("peripheral_enabled_while_configured",
            "S" + std::to_string(stream) + "CR of " + name() +
                " is changed while the stream is on: its bits but the interrupt enables are protected until EN reads 0 "
                "(RM0090 10.5.5)",
            offset);
    data = (data & ~protected_bits) | (before & protected_bits);
  }
  store(offset, data);
  if (((before ^ data) & EN) != 0) {
    if (data & EN) start(stream);
    else stop_by_software(stream);
  }
  interrupts(stream);
}

void Dma::start(int stream) {
  Stream &state = streams_[static_cast<std::size_t>(stream)];
  const std::string label = "S" + std::to_string(stream) + "CR";
  const std::uint32_t left_over = flags(stream);
  if (left_over & (TCIF | TEIF))
    finding("dma_misuse",
            "stream " + std::to_string(stream) + " of " + name() +
                " is switched on while flags of its last transfer are still set: clear them in LIFCR/HIFCR before EN is "
                "set (RM0090 10.3.17)",
            at(stream, CR), state.stopped ? Severity::note : Severity::error);
  state.stopped = false;
  // Memory to memory has no peripheral that could end it: hardware clears the bit (10.5.5).
  if (direction(stream) == 2) clear_bits(at(stream, CR), PFCTRL);
  const std::uint32_t cr = control(stream);
  if (cr & PFCTRL) {
    // Only the SDIO can end a transfer; the counter then begins at its highest, and there is no circle (10.3.15, 10.5.5).
    if (!serves(stream, "SDIO")) unsupported(label + ".PFCTRL (the peripheral as flow controller) on a channel other than the SDIO's");
    set(at(stream, NDTR), 0xFFFF);
    clear_bits(at(stream, CR), CIRC);
  }
  // A stream that has finished starts again with the number that was written last (10.5.6).
  if (value(at(stream, NDTR)) == 0) set(at(stream, NDTR), state.programmed);
  state.count = state.left = value(at(stream, NDTR));
  state.peripheral = 0;
  state.memory = 0;
  state.fifo.clear();
  state.base = 0;
  if ((cr & DBM) != 0) set_bits(at(stream, CR), CIRC);
  if (direction(stream) == 2 && (cr & (CIRC | DBM)) != 0) {
    finding("dma_misuse",
            "S" + std::to_string(stream) + "CR of " + name() + " asks for memory-to-memory together with circular or double buffer mode: "
            "the manual forbids both (RM0090 10.3.6)",
            at(stream, CR));
    clear_bits(at(stream, CR), CIRC | DBM);
  }
  if (direction(stream) == 2) {
    set_bits(at(stream, FCR), 4);  // memory-to-memory has no direct mode (10.3.6)
    if (number_ == 1) {
      finding("dma_transfer_error",
              "DMA1 is set to memory-to-memory (DIR = 2 in S" + std::to_string(stream) +
                  "CR): only DMA2 can do that (RM0090 10.3.6)",
              at(stream, CR));
      return fail(stream);
    }
  }
  if (!burst_fits(stream)) {
    finding("dma_misuse",
            "S" + std::to_string(stream) + "FCR: the FIFO's threshold is no whole number of the bursts that MBURST and MSIZE ask "
            "for: FEIF is set and the stream is switched off (RM0090 10.3.12, table 48)",
            at(stream, FCR));
    clear_bits(at(stream, CR), EN);
    return raise(stream, FEIF);
  }
  if (state.left == 0) return;
  state.waiting_since = board.now();
  state.pc = board.pc();
  if (!check_.scheduled()) check_.at(later(board.now(), patience));
  wake();
}

bool Dma::serves(int stream, const std::string &request) const {
  const int channel = static_cast<int>(control(stream) >> 25 & 7);
  return std::any_of(sources_.begin(), sources_.end(), [&](const Source &source) {
    return source.stream == stream && source.channel == channel && request == source.name;
  });
}

/// Table 48: the bytes at the threshold must be a multiple of a burst's.
bool Dma::burst_fits(int stream) const {
  const std::uint32_t cr = control(stream), fcr = value(at(stream, FCR));
  if ((fcr & 4) == 0 || (cr >> 23 & 3) == 0) return true;
  constexpr std::uint32_t beats[4] = {1, 4, 8, 16};
  const std::uint32_t bytes = beats[cr >> 23 & 3] << (cr >> 13 & 3), threshold = 4 * ((fcr & 3) + 1);
  return bytes <= threshold && threshold % bytes == 0;
}

/// EN cleared by software: the rest of the FIFO goes to memory, and TCIF tells the end (10.3.17).
void Dma::stop_by_software(int stream) {
  drain(stream, true);
  streams_[static_cast<std::size_t>(stream)].stopped = true;
  if (streams_[static_cast<std::size_t>(stream)].count != 0) raise(stream, TCIF);
}

void Dma::fail(int stream) {
  clear_bits(at(stream, CR), EN);
  raise(stream, TEIF);
}

/// Has the stream a reason to transfer? In memory-to-memory mode it needs no request.
bool Dma::wants(int stream) const {
  if (!on(stream) || streams_[static_cast<std::size_t>(stream)].left == 0) return false;
  return direction(stream) == 2 || active_line(stream) != nullptr;
}

DmaRequest *Dma::active_line(int stream) const {
  const int channel = static_cast<int>(control(stream) >> 25 & 7);
  for (const Source &source : sources_)
    if (source.stream == stream && source.channel == channel && source.line->active()) return source.line;
  return nullptr;
}

std::uint32_t Dma::remaining(const std::string &request) const {
  for (const Source &source : sources_)
    if (request == source.name && on(source.stream) && static_cast<int>(control(source.stream) >> 25 & 7) == source.channel)
      return streams_[static_cast<std::size_t>(source.stream)].left;
  return UINT32_MAX;
}

void Dma::check() {
  bool waiting = false;
  for (int n = 0; n < 8; ++n) {
    const Stream &state = streams_[static_cast<std::size_t>(n)];
    if (!on(n) || state.waiting_since == never) continue;
    if (board.now() < later(state.waiting_since, patience) || !check_stream(n)) waiting = true;
  }
  if (waiting) check_.at(later(board.now(), patience));
}

/// A stream has moved nothing for a while, and the unit at its peripheral address asks on another channel. True if told.
bool Dma::check_stream(int n) {
  const std::uint32_t target = value(at(n, PAR));
  const int channel = static_cast<int>(control(n) >> 25 & 7);
  std::string here, unit;
  for (const Source &source : sources_)
    if (source.stream == n && source.channel == channel) here += (here.empty() ? "" : ", ") + std::string(source.name);
  for (const PeripheralInfo &info : peripheral_table())
    if (target >= info.base && target < info.base + info.size) unit = info.name;
  if (unit.empty() || direction(n) == 2) return false;
  const auto of_unit = [&](const std::string &request) { return request == unit || request.rfind(unit + "_", 0) == 0; };
  for (const Source &source : sources_)  // a request of that unit is on this channel: it just has not come yet
    if (source.stream == n && source.channel == channel && of_unit(source.name)) return false;
  for (const Source &source : sources_) {
    const std::string asks = source.name;
    if (!source.line->active() || !of_unit(asks)) continue;
    Finding finding;
    finding.kind = "dma_misuse";
    finding.text = "stream " + std::to_string(n) + " of " + name() + " is on with channel " + std::to_string(channel) + ", which carries " +
                   (here.empty() ? "no request" : here) + ", while " + asks + " asks in vain: that request is on stream " +
                   std::to_string(source.stream) + ", channel " + std::to_string(source.channel) + " (RM0090 10.3.3, table " +
                   (number_ == 1 ? "42" : "43") + ")";
    finding.peripheral = name();
    finding.register_name = "S" + std::to_string(n) + "CR";
    finding.address = info().base + at(n, CR);
    board.findings.add_at(streams_[static_cast<std::size_t>(n)].pc, std::move(finding));
    return true;
  }
  return false;
}

/// A request has come: the arbiter looks at it a few cycles later (10.3.4).
void Dma::wake() {
  if (!work_.scheduled() && clocked()) work_.at(later(board.now(), periods(4, std::max(1u, board.clocks.hclk))));
}

/// One transfer of the stream of highest priority: PL first, then the lower number (10.3.4).
void Dma::serve() {
  if (!clocked() || held_in_reset()) return;
  int best = -1;
  for (int n = 0; n < 8; ++n)
    if (wants(n) && (best < 0 || (control(n) >> 16 & 3) > (control(best) >> 16 & 3))) best = n;
  if (best < 0) return;
  DmaRequest *line = direction(best) == 2 ? nullptr : active_line(best);
  if (line) line->served();
  const int batch = line ? 1 : 8;  // memory to memory: several at a time, so that fewer events are needed
  int moved = 0;
  while (moved < batch && on(best) && streams_[static_cast<std::size_t>(best)].left > 0) {
    transfer(best, line);
    ++moved;
  }
  for (int n = 0; n < 8; ++n)
    if (wants(n)) return work_.at(later(board.now(), periods(static_cast<std::uint64_t>(4 * moved), std::max(1u, board.clocks.hclk))));
}

/// Moves one item of PSIZE between the peripheral port and the FIFO, and memory's side as far as the FIFO asks.
void Dma::transfer(int stream, DmaRequest *line) {
  Stream &state = streams_[static_cast<std::size_t>(stream)];
  const int size = width(control(stream) >> 11);
  if (direction(stream) == 1) {
    if (!fill(stream, size)) return;
    std::uint32_t item = 0;
    for (int n = 0; n < size; ++n) item |= std::uint32_t{state.fifo[static_cast<std::size_t>(n)]} << (8 * n);
    state.fifo.erase(state.fifo.begin(), state.fifo.begin() + size);
    if (!access(stream, peripheral_address(stream), size, true, true, item)) return;
  } else {
    std::uint32_t item = 0;
    if (!access(stream, peripheral_address(stream), size, false, true, item)) return;
    for (int n = 0; n < size; ++n) state.fifo.push_back(static_cast<std::uint8_t>(item >> (8 * n)));
  }
  if (!on(stream)) return;  // the access has made the peripheral switch the stream off
  if (control(stream) & PINC) state.peripheral += control(stream) & PINCOS ? 4 : static_cast<std::uint32_t>(size);
  state.waiting_since = never;
  --state.left;
  set(at(stream, NDTR), state.left);
  const bool by_peripheral = (control(stream) & PFCTRL) != 0;
  const bool over = by_peripheral ? line && line->take_last() : state.left == 0;
  if (direction(stream) != 1 && !drain(stream, over)) return;
  if (state.left == state.count / 2 && state.count > 1 && !by_peripheral) raise(stream, HTIF);
  if (over) finish(stream, line);
  else if (state.left == 0) state.left = state.count;  // more than the counter can hold
}

void Dma::finish(int stream, DmaRequest *line) {
  Stream &state = streams_[static_cast<std::size_t>(stream)];
  const std::uint32_t cr = control(stream);
  if (cr & CIRC) {
    state.left = state.count;
    state.peripheral = state.memory = 0;
    set(at(stream, NDTR), state.count);
    if (cr & DBM) set(at(stream, CR), cr ^ CT);
  } else {
    clear_bits(at(stream, CR), EN);
  }
  raise(stream, TCIF);
  if (line && line->on_last) line->on_last();
}

std::uint32_t Dma::peripheral_address(int stream) const {
  return value(at(stream, PAR)) + streams_[static_cast<std::size_t>(stream)].peripheral;
}

std::uint32_t Dma::memory_address(int stream) const {
  const std::uint32_t cr = control(stream);
  const std::uint32_t base = value(at(stream, (cr & DBM) != 0 && (cr & CT) != 0 ? M1AR : M0AR));
  return base + streams_[static_cast<std::size_t>(stream)].memory;
}

/// In direct mode memory is accessed in PSIZE (10.3.10).
int Dma::memory_size(int stream) const {
  const bool fifo = value(at(stream, FCR)) & 4;
  return width(control(stream) >> (fifo ? 13 : 11));
}

/// Reads from memory until the FIFO holds `wanted` bytes.
bool Dma::fill(int stream, int wanted) {
  Stream &state = streams_[static_cast<std::size_t>(stream)];
  const int size = memory_size(stream);
  while (static_cast<int>(state.fifo.size()) < wanted) {
    std::uint32_t item = 0;
    if (!access(stream, memory_address(stream), size, false, false, item)) return false;
    for (int n = 0; n < size; ++n) state.fifo.push_back(static_cast<std::uint8_t>(item >> (8 * n)));
    if (control(stream) & MINC) state.memory += static_cast<std::uint32_t>(size);
  }
  return true;
}

/// Writes the FIFO to memory: in direct mode at once, in FIFO mode from the threshold on, and at the end all of it.
bool Dma::drain(int stream, bool all) {
  Stream &state = streams_[static_cast<std::size_t>(stream)];
  const std::uint32_t fcr = value(at(stream, FCR));
  const int size = memory_size(stream);
  const int threshold = fcr & 4 ? static_cast<int>(4 * ((fcr & 3) + 1)) : size;
  if (direction(stream) == 1 || (!all && static_cast<int>(state.fifo.size()) < threshold)) return true;
  while (static_cast<int>(state.fifo.size()) >= size || (all && !state.fifo.empty())) {
    state.fifo.resize(std::max(state.fifo.size(), static_cast<std::size_t>(size)));
    std::uint32_t item = 0;
    for (int n = 0; n < size; ++n) item |= std::uint32_t{state.fifo[static_cast<std::size_t>(n)]} << (8 * n);
    if (!access(stream, memory_address(stream), size, true, false, item)) return false;
    state.fifo.erase(state.fifo.begin(), state.fifo.begin() + size);
    if (control(stream) & MINC) state.memory += static_cast<std::uint32_t>(size);
  }
  return true;
}

/// One access on the bus; on an error the stream is switched off with TEIF (10.3.18).
bool Dma::access(int stream, std::uint32_t address, int size, bool write, bool peripheral_port, std::uint32_t &item) {
  const bool apb1 = address >= 0x40000000 && address < 0x40010000;
  bool ok = !(number_ == 1 && peripheral_port && !apb1);  // DMA1's peripheral port leads to APB1 only (2.1, 10.3.6)
  const bool reachable = ok;
  if (ok && !in_ccm(address)) {
    if (write) {
      if (!peripheral_port) check_end(stream, address, size);
      ok = board.bus_write(master_, address, size, item);
    } else {
      const BusResult result = board.bus_read(master_, address, size);
      ok = result.ok;
      item = result.value;
    }
  } else {
    ok = false;
  }
  if (ok) return true;
  char hex[12];
  std::snprintf(hex, sizeof hex, "0x%08X", address);
  const std::string who = "stream " + std::to_string(stream) + " of " + name();
  if (in_ccm(address))
    finding("dma_cannot_reach_ccm",
            who + (write ? " writes to " : " reads from ") + hex + " in the CCM: only the core reaches that memory, DMA buffers "
            "belong in SRAM (RM0090 2.3.1); the transfer ends with TEIF",
            at(stream, write ? M0AR : PAR));
  else if (!reachable)
    finding("dma_transfer_error",
            who + std::string(" accesses ") + hex + " on its peripheral port, which reaches only APB1 on DMA1: use a stream of DMA2 "
            "(RM0090 2.1, 10.3.6); the transfer ends with TEIF",
            at(stream, PAR));
  else
    finding("dma_transfer_error",
            who + (write ? " writes to " : " reads from ") + hex + ", where nothing answers: the transfer ends with TEIF and the "
            "stream is switched off (RM0090 10.3.18)",
            at(stream, peripheral_port ? PAR : M0AR));
  fail(stream);
  return false;
}

void Dma::reset() {
  Peripheral::reset();
  work_.cancel();
  check_.cancel();
  for (int n = 0; n < 8; ++n) {
    streams_[static_cast<std::size_t>(n)] = Stream{};
    interrupt(irqs_[static_cast<std::size_t>(n)], false);
  }
}

void Dma::gate_changed(bool on) {
  if (on) wake();
}

std::unique_ptr<Peripheral> make_dma(Board &board, const PeripheralInfo &info) { return std::make_unique<Dma>(board, info); }

}  // namespace board
