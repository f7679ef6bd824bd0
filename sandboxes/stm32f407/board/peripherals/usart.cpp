#include "usart.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>

namespace board {
namespace {

enum : std::uint32_t { SR = 0x00, DR = 0x04, BRR = 0x08, CR1 = 0x0C, CR2 = 0x10, CR3 = 0x14 };
enum : std::uint32_t { PE = 1 << 0, FE = 1 << 1, ORE = 1 << 3, IDLE = 1 << 4, RXNE = 1 << 5, TC = 1 << 6, TXE = 1 << 7, LBD = 1 << 8,
                       CTS = 1 << 9 };
enum : std::uint32_t { RE = 1 << 2, TE = 1 << 3, IDLEIE = 1 << 4, RXNEIE = 1 << 5, TCIE = 1 << 6, TXEIE = 1 << 7, PEIE = 1 << 8,
                       PCE = 1 << 10, M = 1 << 12, UE = 1 << 13, OVER8 = 1 << 15 };
enum : std::uint32_t { EIE = 1 << 0, DMAR = 1 << 6, DMAT = 1 << 7 };
constexpr std::size_t most_text = 1 << 20, most_lines = 1000;
// What the receiver tolerates (30.3.5, tables 139 and 140, the narrowest case in use: M = 0).
constexpr double tolerance = 0.0375;

std::string lower(std::string text) {
  for (char &c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string rounded(double value) { return std::to_string(std::llround(value)); }

}  // namespace

/// JSON wants UTF-8; bytes above 127 become the code points of the same number.
static std::string as_utf8(const std::string &bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) text += c;
    else text += static_cast<char>(0xC0 | byte >> 6), text += static_cast<char>(0x80 | (byte & 0x3F));
  }
  return text;
}

Usart::Usart(Board &b, const PeripheralInfo &info)
    : Peripheral(b, info), port_(lower(info.name)), irq_(Board::irq(info.name)),
      tx_(b.pins.signal(name() + "_TX")), rx_(b.pins.signal(name() + "_RX")),
      tx_request_(b.dma_requests.line(name() + "_TX")), rx_request_(b.dma_requests.line(name() + "_RX")),
      sent_(b.events, [this] { sent(); }), stimulus_(b.events, [this] { stimulate(); }),
      idle_(b.events, [this] { line_idle(); }) {
  load_plan();
}

void Usart::load_plan() {
  const auto &ports = board.plan("uart");
  if (!ports.is_object() || !ports.contains(port_)) return;
  for (const auto &item : ports.at(port_)) {
    Stimulus stimulus{static_cast<Time>(item.value("at_ms", 0.0) * static_cast<double>(millisecond)), {}, item.value("baud", 0.0)};
    if (item.contains("hex")) {
      const std::string digits = item.at("hex").get<std::string>();
      for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        stimulus.bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
    } else {
      stimulus.bytes = item.at("text").get<std::string>();
    }
    if (!stimulus.bytes.empty()) stimuli_.push_back(std::move(stimulus));
  }
  std::stable_sort(stimuli_.begin(), stimuli_.end(), [](const Stimulus &a, const Stimulus &b) { return a.at < b.at; });
  if (!stimuli_.empty()) stimulus_.at(stimuli_.front().at);
}

void Usart::reset() {
  Peripheral::reset();
  sent_.cancel();
  idle_.cancel();
  shifting_ = waiting_ = status_read_ = preamble_ = false;
  tx_.release();
  update();
}

bool Usart::enabled(std::uint32_t bit) const { return clocked() && bus_clock() != 0 && (value(CR1) & (UE | bit)) == (UE | bit); }

/// 30.3.4: fCK / (8 * (2 - OVER8) * USARTDIV).
double Usart::baud() const {
  const std::uint32_t brr = value(BRR);
  const bool over8 = (value(CR1) & OVER8) != 0;
  const std::uint32_t divider = over8 ? (brr >> 4) * 8 + (brr & 7) : brr;
  return divider == 0 ? 0 : static_cast<double>(bus_clock()) / divider;
}

double Usart::bits_per_frame() const {
  static constexpr double stop_bits[] = {1, 0.5, 2, 1.5};
  return 1 + ((value(CR1) & M) != 0 ? 9 : 8) + stop_bits[value(CR2) >> 12 & 3];
}

Time Usart::frame_time() const {
  const double rate = baud();
  return rate <= 0 ? never : static_cast<Time>(std::ceil(bits_per_frame() / rate * static_cast<double>(second)));
}

std::uint32_t Usart::data_mask() const {
  const unsigned bits = ((value(CR1) & M) != 0 ? 9 : 8) - ((value(CR1) & PCE) != 0 ? 1 : 0);
  return (1u << bits) - 1;
}

std::uint32_t Usart::read(std::uint32_t offset) {
  if (offset == SR) status_read_ = true;
  return offset == DR ? read_data() : value(offset);
}

std::uint32_t Usart::read_data() {
  if (status_read_) clear_bits(SR, PE | FE | 1 << 2 | ORE | IDLE);
  status_read_ = false;
  clear_bits(SR, RXNE);
  update();
  return received_;
}

Time Usart::stable_until(std::uint32_t offset) {
  return offset == DR && (value(SR) & (RXNE | ORE | IDLE | FE | PE)) != 0 ? board.now() : never;
}

void Usart::write(std::uint32_t offset, std::uint32_t data) {
  switch (offset) {
    case SR: clear_bits(SR, ~data & (RXNE | TC | LBD | CTS)); break;  // rc_w0; the others are read-only
    case DR: return write_data(data & 0x1FF);
    case CR1: return write_control1(data);
    default: store(offset, data);
  }
  refuse_modes();
  update();
}

void Usart::write_control1(std::uint32_t data) {
  const std::uint32_t old = value(CR1);
  store(CR1, data);
  const bool on = enabled(TE);
  if (on && (old & (UE | TE)) != (UE | TE)) {
    tx_.drive(true);  // the idle line
    // Setting TE sends an idle frame first (30.3.2).
    if (!shifting_ && baud() > 0) preamble_ = shifting_ = true, sent_.at(later(board.now(), frame_time()));
  }
  if (!on) tx_.release(), waiting_ = false;
  if ((data & UE) == 0) {
    if (shifting_ && !preamble_)
      finding("uart_misuse", "UE was cleared while a frame was being sent: wait for SR.TC first (RM0090 30.3.2)", CR1, Severity::note);
    sent_.cancel();
    shifting_ = waiting_ = preamble_ = false;
    set_bits(SR, TC | TXE);
  }
  refuse_modes();
  update();
}

void Usart::refuse_modes() {
  if ((value(CR1) & UE) == 0) return;
  if ((value(CR2) & 1 << 14) != 0) return unsupported("CR2.LINEN (LIN mode)");
  if ((value(CR2) & 1 << 11) != 0) return unsupported("CR2.CLKEN (synchronous mode)");
  if ((value(CR3) & 0x3A) != 0) return unsupported("CR3: smartcard, half-duplex or IrDA mode");
  if ((value(CR3) & 0x300) != 0) return unsupported("CR3.RTSE/CTSE (hardware flow control)");
}

// ---- sending ----

void Usart::write_data(std::uint32_t word) {
  if (!enabled(TE)) {
    finding("uart_misuse", "DR written while the transmitter is off (CR1.UE and CR1.TE must be 1 first: RM0090 30.3.2); nothing is sent", DR);
    return;
  }
  if (baud() <= 0) {
    finding("uart_misuse", "DR written with BRR = 0: the baud rate generator stands still (RM0090 30.3.4)", BRR);
    return;
  }
  tx_.require(name() + " transmits");
  if (waiting_)
    finding("uart_tx_overwritten", "DR written while SR.TXE is 0: the byte that waited to be sent is lost (RM0090 30.3.2); wait for TXE", DR);
  if (status_read_) clear_bits(SR, TC);
  status_read_ = false;
  clear_bits(SR, TC);
  if (shifting_) {
    waiting_ = true;
    holding_ = word;
    clear_bits(SR, TXE);
  } else {
    transmit(word);
  }
  update();
}

void Usart::transmit(std::uint32_t word) {
  shifting_ = true;
  shift_ = word & data_mask();
  last_baud_ = baud();
  for (Usart *other : listeners()) other->start_bit();
  sent_.at(later(board.now(), frame_time()));
}

void Usart::sent() {
  const bool frame = !preamble_;
  preamble_ = shifting_ = false;
  if (frame && clocked()) deliver(shift_);
  if (waiting_) {
    waiting_ = false;
    set_bits(SR, TXE);
    transmit(holding_);
  } else if (frame) {
    set_bits(SR, TC);
  }
  update();
}

/// A frame left the shift register: to the report if a pin carries it, and over wires to other receivers.
void Usart::deliver(std::uint32_t word) {
  if (!tx_.routed()) return;
  ++bytes_;
  const char byte = static_cast<char>(word);
  if (text_.size() < most_text) text_ += byte;
  if (byte == '\n') {
    if (lines_.size() < most_lines) lines_.push_back({board.now(), line_});
    line_.clear();
  } else if (byte != '\r' && line_.size() < 4096) {
    line_ += byte;
  }
  for (Usart *other : listeners()) other->receive(word, last_baud_);
}

/// The receivers that a wire joins to TX.
std::vector<Usart *> Usart::listeners() const {
  static const char *const ports[] = {"USART1", "USART2", "USART3", "UART4", "UART5", "USART6"};
  std::vector<Usart *> found;
  if (!tx_.routed()) return found;
  for (Pin pin : tx_.pins()) {
    const auto net = board.pins.connected(pin);
    if (net.size() < 2) continue;
    for (const char *port : ports) {
      auto *other = board.find<Usart>(port);
      if (other && std::any_of(net.begin(), net.end(), [&](Pin p) { return other->receives_on(p); })) found.push_back(other);
    }
  }
  return found;
}

bool Usart::receives_on(Pin pin) const { return std::find(rx_.pins().begin(), rx_.pins().end(), pin) != rx_.pins().end(); }

// ---- receiving ----

void Usart::stimulate() {
  Stimulus &now = stimuli_.front();
  const auto byte = static_cast<unsigned char>(now.bytes[stimulus_byte_]);
  // The first event is the start bit of the first byte, the others are ends of frames: bytes follow without a gap.
  const double rate = now.baud > 0 ? now.baud : baud();
  const Time frame = rate > 0 ? static_cast<Time>(10 / rate * static_cast<double>(second)) : millisecond;
  if (!stimulus_begun_) {
    stimulus_begun_ = true;
    start_bit();
    return stimulus_.at(board.now() + frame);
  }
  receive(byte, now.baud);
  if (++stimulus_byte_ < now.bytes.size()) {
    start_bit();
    return stimulus_.at(board.now() + frame);
  }
  stimuli_.pop_front();
  stimulus_byte_ = 0;
  stimulus_begun_ = false;
  if (!stimuli_.empty()) stimulus_.at(std::max(stimuli_.front().at, board.now()));
}

void Usart::receive(std::uint32_t word, double sender) {
  if (!enabled(RE)) return;
  if (!rx_.require(name() + " is to receive")) return;
  const double rate = baud();
  if (rate <= 0) return;
  last_baud_ = last_baud_ > 0 ? last_baud_ : rate;
  idle_.at(later(board.now(), frame_time()));  // unless a start bit comes first
  bool framing = false;
  if (sender > 0 && std::abs(sender - rate) > tolerance * rate) {
    framing = true;
    word = (word << 1 | 1) & data_mask();  // samples fall into the wrong bits
    finding("uart_framing", "a frame arrived at " + rounded(sender) + " baud, but the port is set to " + rounded(rate) + " (BRR = " +
                                std::to_string(value(BRR)) + " at " + std::to_string(bus_clock()) +
                                " Hz): more than the 3.75 % that the receiver tolerates (RM0090 30.3.4, 30.3.5)",
            BRR);
  }
  if ((value(SR) & RXNE) != 0) {
    set_bits(SR, ORE);
    finding("uart_overrun", "a byte arrived before the one before it was read from DR: it is lost and SR.ORE is set (RM0090 30.3.3)", DR);
  } else {
    received_ = word & data_mask();
    set_bits(SR, framing ? RXNE | FE : std::uint32_t{RXNE});
  }
  update();
}

/// 30.3.3: a whole frame of ones after the stop bit; not again before another byte has come (30.6.1).
void Usart::line_idle() {
  if (!enabled(RE)) return;
  set_bits(SR, IDLE);
  update();
}

// ---- interrupts, requests, report ----

void Usart::update() {
  const std::uint32_t sr = value(SR), cr1 = value(CR1), cr3 = value(CR3);
  const bool on = enabled(0);
  std::uint32_t wanted = 0;
  const auto also = [&wanted](bool enable, std::uint32_t flags) { wanted |= enable ? flags : 0; };
  also((cr1 & TXEIE) != 0, TXE);
  also((cr1 & TCIE) != 0, TC);
  also((cr1 & RXNEIE) != 0, RXNE | ORE);
  also((cr1 & IDLEIE) != 0, IDLE);
  also((cr1 & PEIE) != 0, PE);
  also((cr3 & (EIE | DMAR)) == (EIE | DMAR), FE | ORE);
  interrupt(irq_, on && (sr & wanted) != 0);
  rx_request_.set(on && (cr3 & DMAR) != 0 && (sr & RXNE) != 0);
  tx_request_.set(enabled(TE) && (cr3 & DMAT) != 0 && (sr & TXE) != 0);
}

void Usart::report(nlohmann::json &report) {
  if (bytes_ == 0 && last_baud_ == 0 && writes == 0) return;
  nlohmann::json lines = nlohmann::json::array();
  for (const Line &line : lines_) lines.push_back({static_cast<double>(line.at) / millisecond, as_utf8(line.text)});
  report["uart"][port_] = {{"text", as_utf8(text_)}, {"bytes", bytes_}, {"baud", last_baud_ > 0 ? last_baud_ : baud()}, {"lines", lines}};
}

std::unique_ptr<Peripheral> make_usart(Board &board, const PeripheralInfo &info) { return std::make_unique<Usart>(board, info); }

}  // namespace board
