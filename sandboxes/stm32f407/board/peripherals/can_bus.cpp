// bxCAN on the bus: arbitration, acknowledge, reception, errors (RM0090 32.7), and the node that the plan puts there.
#include <algorithm>
#include <utility>

#include "can.hpp"
#include "hex.hpp"

namespace board {
namespace {

enum Mcr : std::uint32_t { INRQ = 1, SLEEP = 2, TXFP = 4, RFLM = 8, NART = 16, AWUM = 32, ABOM = 64 };
enum Msr : std::uint32_t { ERRI = 4, WKUI = 8 };
enum Flags : std::uint32_t { RQCP = 1, TXOK = 2, ALST = 4, TERR = 8 };
enum Esr : std::uint32_t { EWGF = 1, EPVF = 2, BOFF = 4 };
constexpr std::uint32_t LECIE = 1 << 11, FULL = 8, FOVR = 16, FINIT = 1;
constexpr std::uint64_t gap = 3, suspended = 8, error_frame = 6, recovery = 128 * 11;  // bits (32.7.6, 32.7.7)
constexpr std::size_t most_reported = 1000;

}  // namespace

CanFrame Can::frame_in(int mailbox) const {
  const std::uint32_t at = TI0R + 16 * static_cast<std::uint32_t>(mailbox);
  return CanFrame::from_registers(value(at), value(at + 4), value(at + 8), value(at + 12));
}

/// 32.7.1: the lowest identifier first, of equal ones the lowest mailbox; in the order of the requests with TXFP.
int Can::best_mailbox() const {
  int best = -1;
  for (int n = 0; n < 3; ++n) {
    const Mailbox &box = mailboxes_[static_cast<std::size_t>(n)];
    if (!box.pending) continue;
    const bool first = best < 0 || ((value(MCR) & TXFP) != 0 ? box.order < mailboxes_[static_cast<std::size_t>(best)].order
                                                              : frame_in(n).rank() < frame_in(best).rank());
    if (first) best = n;
  }
  return best;
}

bool Can::ready() const {
  return clocked() && mode() == Mode::normal && !off_the_bus() && (!silent() || loop_back()) &&
         (!second_ || board.peripheral("CAN1")->clocked());
}

Can *Can::neighbour() const { return board.find<Can>(second_ ? "CAN1" : "CAN2"); }

/// A wire from its CAN_TX to this CAN_RX stands for the bus with its transceivers.
bool Can::hears(const Can &sender) const {
  for (const Pin pin : sender.tx_.pins())
    for (const Pin other : board.pins.connected(pin))
      if (other != pin && std::find(rx_.pins().begin(), rx_.pins().end(), other) != rx_.pins().end()) return true;
  return false;
}

void Can::try_to_send() {
  const int own = ready() && !frame_.scheduled() && !arriving_ ? best_mailbox() : -1;
  if (own < 0) return;
  if (board.now() < idle_at_) return start_.at(idle_at_);
  Can *other = loop_back() ? nullptr : neighbour();
  if (other && hears(*other)) {
    if (other->sending_ >= 0 && !other->silent()) return;  // tells when it is over
    const bool contends = other->ready() && other->idle_at_ <= board.now() && !other->loop_back() && other->hears(*this);
    const int theirs = contends ? other->best_mailbox() : -1;
    if (theirs >= 0 && other->frame_in(theirs).rank() < frame_in(own).rank()) {
      lose_arbitration(own);
      return other->begin(theirs);
    }
    if (theirs >= 0) other->lose_arbitration(theirs);
  }
  begin(own);
}

void Can::begin(int mailbox) {
  sending_ = mailbox;
  if (!loop_back()) {
    tx_.require(name() + " sends a frame");
    if (Can *other = neighbour(); other && other->hears(*this)) other->wake_by_bus();
  }
  frame_.at(later(board.now(), bit_times(frame_in(mailbox).bits())));
}

void Can::lose_arbitration(int mailbox) {
  set_bits(TSR, std::uint32_t{ALST} << 8 * mailbox);
  if ((value(MCR) & NART) != 0) finish_mailbox(mailbox, RQCP | ALST);
}

void Can::finish_mailbox(int mailbox, std::uint32_t flags) {
  Mailbox &box = mailboxes_[static_cast<std::size_t>(mailbox)];
  box.pending = box.abort = false;
  clear_bits(TSR, 0xFu << 8 * mailbox);
  set_bits(TSR, flags << 8 * mailbox);
  clear_bits(TI0R + 16 * static_cast<std::uint32_t>(mailbox), 1);  // TXRQ
  show_transmit_status();
  refresh();
}

void Can::frame_ends() {
  const int mailbox = std::exchange(sending_, -1);
  const CanFrame frame = frame_in(mailbox);
  const bool abort = mailboxes_[static_cast<std::size_t>(mailbox)].abort;
  const std::optional<Error> failure = send_on_bus(frame);
  if ((value(MCR) & 128) != 0) {  // TTCM
    const std::uint32_t at = TI0R + 16 * static_cast<std::uint32_t>(mailbox) + 4;
    const Time length = bit_times(frame.bits());
    set(at, (value(at) & 0xFFFF) | std::uint32_t{time_stamp(board.now() - std::min(board.now(), length))} << 16);
  }
  if (!failure) {
    if (sent_.size() < most_reported) sent_.push_back(frame.report());
    transmit_errors_ -= transmit_errors_ > 0;
    set(ESR, value(ESR) & ~0x70u);
    count_errors(0, 0);
    finish_mailbox(mailbox, RQCP | TXOK);
  } else {
    ++failed_;
    // 32.7.6: an error-passive node that merely misses the acknowledge does not count further.
    const bool counts = *failure != acknowledge || (value(ESR) & EPVF) == 0;
    error(*failure, counts ? 8 : 0, 0);
    if ((value(MCR) & NART) != 0 || abort) finish_mailbox(mailbox, RQCP | TERR);
    else set_bits(TSR, std::uint32_t{TERR} << 8 * mailbox);
  }
  const std::uint64_t pause = gap + (failure ? error_frame : 0);
  if (Can *other = neighbour(); other && other->hears(*this)) other->bus_free(later(board.now(), bit_times(pause)));
  bus_free(later(board.now(), bit_times(pause + ((value(ESR) & EPVF) != 0 ? suspended : 0))));
}

void Can::bus_free(Time at) {
  idle_at_ = at;
  start_.at(at);
}

/// The frame is over: who has heard it, and has somebody acknowledged it?
std::optional<Can::Error> Can::send_on_bus(const CanFrame &frame) {
  Can *other = neighbour();
  const bool on_bus = tx_.routed() && !(silent() && loop_back());
  const bool heard = on_bus && other && other->clocked() && other->mode() == Mode::normal && other->hears(*this) && !other->loop_back();
  if (loop_back()) {  // its own acknowledge counts (32.5.2)
    if (heard && other->same_rate(bit_rate(), name())) other->receive(frame);
    receive(frame);
    return std::nullopt;
  }
  if (!tx_.routed()) return bit_dominant;
  if (!rx_.routed() || !rx_.level(true)) return bit_recessive;
  const bool same = heard && other->same_rate(bit_rate(), name());
  if (heard && !same) other->error(stuff, 0, 1);
  const bool node = node_ && node_acknowledges_ && same_rate(node_rate_ != 0 ? node_rate_ : bit_rate(), "the other node");
  if (!node && !(same && !other->silent() && hears(*other))) {
    Finding note;
    note.kind = "can_no_acknowledge";
    note.severity = Severity::note;
    note.text = "nobody acknowledges the frame of " + name() + ": a node needs another one on the bus" +
                ((value(MCR) & NART) != 0 ? "" : ", and repeats until it has one") + " (RM0090 32.7.1, 32.7.6); alone it can work in loop-back mode (BTR.LBKM)";
    note.peripheral = name();
    board.findings.add_at(first_write, std::move(note));
    return acknowledge;
  }
  if (same) other->receive(frame);
  return std::nullopt;
}

/// Does this unit work at the rate of a frame? Told once if not.
bool Can::same_rate(std::uint32_t rate, const std::string &who) {
  const std::uint32_t own = bit_rate(), apart = own > rate ? own - rate : rate - own;
  if (apart <= rate / 100) return true;
  if (!std::exchange(rate_told_, true)) {
    Finding finding;
    finding.kind = "can_misuse";
    finding.text = name() + " works at " + std::to_string(own) + " bit/s, but " + who + " at " + std::to_string(rate) + " bit/s: no frame gets through; PCLK1 is " +
                   std::to_string(bus_clock()) + " Hz and a bit has (BRP + 1)(3 + TS1 + TS2) periods of it (RM0090 32.7.7)";
    finding.peripheral = name(), finding.register_name = "BTR", finding.address = info().base + BTR;
    board.findings.add_at(timed_by_, std::move(finding));
  }
  return false;
}

// ---- reception (32.7.3) ----

void Can::receive(const CanFrame &frame) {
  Peripheral &can1 = *board.peripheral("CAN1");
  if (mode() != Mode::normal || !can1.clocked()) return;
  receive_errors_ = receive_errors_ > 127 ? 120 : receive_errors_ - (receive_errors_ > 0);
  count_errors(0, 0);
  const auto told = [this] { return std::exchange(filters_told_, true); };
  if ((can1.peek(FMR) & FINIT) != 0) {
    if (!told())
      misuse("a frame for " + name() + " is dropped: CAN1_FMR.FINIT is 1, which stops all reception; clear it when the filters are set (RM0090 32.9.4)",
             RF0R);
    return;
  }
  if (const auto match = match_filters(can1, second_, frame)) {
    if (!second_ && (value(FMR) >> 8 & 0x3F) == 0 && !told())
      finding("can_misuse",
              "CAN1 receives by a filter bank while CAN1_FMR.CAN2SB is 0, which the manual says leaves all banks to CAN2: keep its 14, or write 28 "
              "(RM0090 32.9.4)",
              FMR, Severity::note);
    return store_received(frame, *match);
  }
  if (any_filter(can1, second_) || told()) return;
  finding("can_no_filter",
          "a frame for " + name() + " is dropped: no filter bank of its part is active (CAN1_FA1R, CAN1_FMR.CAN2SB), and only what a filter lets in is received "
          "(RM0090 32.7.4)",
          RF0R, Severity::note);
}

void Can::store_received(const CanFrame &frame, const CanMatch &match) {
  auto &queue = fifos_[static_cast<std::size_t>(match.fifo)];
  const std::uint32_t status = RF0R + 4 * static_cast<std::uint32_t>(match.fifo);
  const Time length = bit_times(frame.bits());
  const std::uint16_t stamp = time_stamp(board.now() - std::min(board.now(), length));
  if (received_.size() < most_reported) received_.push_back(frame.report());
  if (queue.size() == 3) {
    const bool locked = (value(MCR) & RFLM) != 0;
    set_bits(status, FOVR);
    finding("can_overrun",
            std::string("a frame arrived while three wait in FIFO ") + std::to_string(match.fifo) + " of " + name() + ": " +
                (locked ? "it is lost" : "it overwrites the last of them") + " and FOVR is set; release each frame that has been read with RFOM (RM0090 32.7.3)",
            status);
    if (!locked) queue.back() = {frame, match.number, stamp};
  } else {
    queue.push_back({frame, match.number, stamp});
  }
  if (queue.size() == 3) set_bits(status, FULL);
  show_fifo(match.fifo);
  refresh();
}

// ---- errors (32.7.6) ----

void Can::error(Error code, unsigned transmit, unsigned receive) {
  set(ESR, (value(ESR) & ~0x70u) | static_cast<std::uint32_t>(code) << 4);
  if ((value(IER) & LECIE) != 0) set_bits(MSR, ERRI);
  count_errors(transmit, receive);
}

void Can::count_errors(unsigned transmit, unsigned receive) {
  transmit_errors_ = std::min(transmit_errors_ + transmit, 256u);
  receive_errors_ = std::min(receive_errors_ + receive, 255u);
  const std::uint32_t before = value(ESR);
  const unsigned most = std::max(transmit_errors_, receive_errors_);
  std::uint32_t flags = before & BOFF;
  if (most >= 96) flags |= EWGF;
  if (most > 127) flags |= EPVF;
  if (transmit_errors_ > 255) flags |= BOFF;
  set(ESR, (before & 0x70) | flags | (transmit_errors_ & 0xFF) << 16 | receive_errors_ << 24);
  const std::uint32_t risen = flags & ~before;
  if ((risen << 8 & value(IER) & 0x700) != 0) set_bits(MSR, ERRI);  // EWGIE, EPVIE, BOFIE
  if ((risen & BOFF) != 0) {
    finding("can_bus_off", name() + " has gone bus-off: its transmit error counter passed 255, and it neither sends nor receives until it has recovered "
                               "(RM0090 32.7.6)", ESR);
    if ((value(MCR) & ABOM) != 0) recover_.at(later(board.now(), bit_times(recovery)));
  }
  refresh();
}

/// After 128 times eleven recessive bits the node is back.
void Can::recover() {
  transmit_errors_ = receive_errors_ = 0;
  clear_bits(ESR, BOFF);
  count_errors(0, 0);
  try_to_send();
}

/// 32.4.3: a frame on the bus is told to a sleeping unit; with AWUM it wakes by itself.
void Can::wake_by_bus() {
  if (!clocked() || mode() != Mode::sleep) return;
  set_bits(MSR, WKUI);
  if ((value(MCR) & AWUM) != 0) {
    clear_bits(MCR, SLEEP);
    change_mode();
  }
  refresh();
}

// ---- the node that the plan puts on the bus ----

/// {"can": {"can1": {"bit_rate": 500000, "acknowledge": true, "frames": [{"at_ms": 1, "id": 291, "data": "0102"}]}}}
void Can::read_script() {
  if (std::exchange(script_read_, true)) return;
  const auto &plan = board.plan("can");
  if (!plan.is_object() || !plan.contains(plan_name(name()))) return;
  const nlohmann::json &script = plan.at(plan_name(name()));
  node_ = true;
  node_acknowledges_ = script.value("acknowledge", true);
  node_rate_ = script.value("bit_rate", 0u);
  for (const auto &one : script.value("frames", nlohmann::json::array())) {
    CanFrame frame;
    frame.id = one.value("id", 0u);
    frame.extended = one.value("extended", frame.id > 0x7FF);
    frame.remote = one.value("remote", false);
    const auto bytes = from_hex(one.value("data", std::string()));
    std::copy_n(bytes.begin(), std::min<std::size_t>(bytes.size(), 8), frame.data.begin());
    frame.length = static_cast<std::uint8_t>(one.value("length", std::min<std::size_t>(bytes.size(), 8)));
    script_frames_.emplace_back(static_cast<Time>(one.value("at_ms", 0.0) * static_cast<double>(millisecond)), frame);
  }
  std::stable_sort(script_frames_.begin(), script_frames_.end(), [](const auto &a, const auto &b) { return a.first < b.first; });
  if (!script_frames_.empty()) script_.at(std::max(script_frames_.front().first, board.now()));
}

/// Begins the node's next frame when the bus is free, and ends it. What nobody acknowledges it repeats.
void Can::script_step() {
  const CanFrame &frame = script_frames_.front().second;
  if (!arriving_) {
    if (frame_.scheduled()) return script_.at(later(frame_.time(), bit_times(gap)));
    wake_by_bus();
    arriving_ = true;
    const std::uint32_t rate = node_rate_ != 0 ? node_rate_ : std::max(1u, bit_rate());
    return script_.at(later(board.now(), periods(frame.bits() + gap, rate)));
  }
  arriving_ = false;
  const bool listens = clocked() && mode() == Mode::normal && rx_.routed() && !loop_back();
  const bool same = listens && same_rate(node_rate_ != 0 ? node_rate_ : bit_rate(), "the other node");
  if (listens && !same) error(stuff, 0, 1);
  if (!same || silent()) {  // a silent unit takes it, but does not acknowledge
    if (same) receive(frame);
    else return script_.at(later(board.now(), millisecond));
  } else {
    receive(frame);
  }
  script_frames_.pop_front();
  if (!script_frames_.empty()) script_.at(std::max(script_frames_.front().first, board.now()));
  bus_free(board.now());
}

}  // namespace board
