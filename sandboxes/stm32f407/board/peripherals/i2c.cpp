#include "i2c.hpp"

#include <algorithm>

#include "dma.hpp"
#include "hex.hpp"

namespace board {
namespace {

enum Cr1 : std::uint32_t { PE = 1, SMBUS = 2, ENPEC = 32, START = 256, STOP = 512, ACK = 1024, POS = 2048, PEC = 4096, SWRST = 1 << 15 };
enum Cr2 : std::uint32_t { ITERREN = 256, ITEVTEN = 512, ITBUFEN = 1024, DMAEN = 2048, LAST = 4096 };
enum Sr1 : std::uint32_t { SB = 1, ADDR = 2, BTF = 4, RXNE = 64, TXE = 128, AF = 1024, errors = 0xDF00 };
enum Sr2 : std::uint32_t { MSL = 1, BUSY = 2, TRA = 4 };

}  // namespace

I2c::I2c(Board &owner, const PeripheralInfo &info)
    : Peripheral(owner, info),
      scl_(owner.pins.signal(std::string(info.name) + "_SCL")),
      sda_(owner.pins.signal(std::string(info.name) + "_SDA")),
      rx_dma_(owner.dma_requests.line(std::string(info.name) + "_RX")),
      tx_dma_(owner.dma_requests.line(std::string(info.name) + "_TX")),
      event_irq_(Board::irq(std::string(info.name) + "_EV")),
      error_irq_(Board::irq(std::string(info.name) + "_ER")),
      event_(owner.events, [this] { step(); }) {}

/// 27.6.8: standard mode 2 CCR, fast mode 3 CCR or (DUTY) 25 CCR periods of PCLK1.
Time I2c::bit_time() const {
  const std::uint32_t ccr = value(CCR);
  const std::uint64_t factor = (ccr & 0x8000) == 0 ? 2 : ccr & 0x4000 ? 25 : 3;
  return periods(std::max<std::uint64_t>(1, factor * (ccr & 0xFFF)), std::max(1u, bus_clock()));
}

void I2c::connect() {
  if (connected_) return;
  connected_ = true;
  const auto &plan = board.plan("i2c");
  if (!plan.is_object() || !plan.contains(plan_name(name()))) return;
  for (const auto &one : plan.at(plan_name(name()))) devices_.push_back(std::make_unique<I2cDevice>(one));
}

/// The bus has pull-ups outside the chip: high unless somebody pulls it low.
void I2c::pull_up() {
  for (const Signal *signal : {&scl_, &sda_})
    for (const Pin pin : signal->pins()) board.pins.pull_up_external(pin);
}

void I2c::slave_line(bool level) {
  for (const Pin pin : sda_.pins()) {
    if (level) board.pins.release_external(pin);
    else board.pins.drive_external(pin, false);
  }
}

void I2c::write_control(std::uint32_t data) {
  if (data & (SMBUS | ENPEC | PEC)) unsupported("CR1: SMBus mode or packet error checking");
  if (data & SWRST) {
    const std::uint32_t kept = data;
    reset();
    set(CR1, kept & SWRST);
    return;
  }
  const std::uint32_t before = value(CR1);
  // START and STOP stand until the hardware has carried them out.
  store(CR1, data);
  if ((data & ~before & (START | STOP)) != 0) condition_at_ = board.pc();
  if ((before & PE) != 0 && (data & PE) == 0) {
    event_.cancel();
    state_ = State::idle;
    set(SR1, 0);
    set(SR2, 0);
    clear_bits(CR1, START | STOP);
    data_full_ = held_full_ = false;
    scl_.release();
    sda_.release();
    return refresh();
  }
  if ((data & PE) == 0) return clear_bits(CR1, START | STOP | ACK);
  if ((before & PE) == 0) {
    checked_ = false;
    pull_up();
    scl_.drive(true);
    sda_.drive(true);
  }
  const bool held = state_ == State::send_held || state_ == State::receive_held || state_ == State::refused || state_ == State::start_held;
  if ((data & STOP) != 0 && state_ == State::idle) clear_bits(CR1, STOP);  // nothing to stop
  const bool received = state_ == State::receive_held;
  if (held && (data & STOP) != 0) return received ? stop_after_byte() : begin_stop();
  if ((data & START) == 0) return;
  if (received) start_after_byte();
  else if (state_ == State::idle || (held && state_ != State::start_held)) begin_start();
}

void I2c::begin_start() {
  check_set_up();
  pull_up();
  if (!clocked()) return;
  const bool repeated = state_ != State::idle;
  state_ = State::starting;
  clear_bits(SR1, TXE | BTF);
  data_full_ = false;
  if (repeated) {  // SDA up, SCL up, then SDA falls while SCL is high
    sda_.drive(true);
    scl_.drive(true);
  }
  set_bits(SR2, BUSY);
  event_.at(later(board.now(), bit_time()));
  refresh();
}

void I2c::begin_stop() {
  state_ = State::stopping;
  clear_bits(SR1, TXE | BTF | SB);
  slave_line(true);
  sda_.drive(false);
  event_.at(later(board.now(), bit_time()));
  refresh();
}

/// The two ends of a reception.
void I2c::stop_after_byte() {
  check_last_byte("STOP");
  begin_stop();
}

void I2c::start_after_byte() {
  check_last_byte("repeated START");
  begin_start();
}

void I2c::finish_stop() {
  scl_.drive(true);
  sda_.drive(true);
  if (slave_) slave_->stop(board.now());
  slave_ = nullptr;
  state_ = State::idle;
  clear_bits(CR1, STOP);
  set(SR2, 0);
  if (value(CR1) & START) begin_start();
  refresh();
}

/// Puts a byte on the line (or waits for one): 9 bits, two half bits each.
void I2c::shift(State state, std::uint8_t byte) {
  state_ = state;
  shift_ = byte;
  incoming_ = 0;
  edge_ = 0;
  if (state == State::receiving) {
    sda_.drive(true);
    shift_ = slave_ ? slave_->send() : 0xFF;
    slave_line(shift_ >> 7 & 1);
  } else {
    slave_line(true);
    sda_.drive(shift_ >> 7 & 1);
  }
  event_.at(later(board.now(), bit_time() / 2));
}

/// The next half bit, or the end of a START or STOP condition.
void I2c::step() {
  if (state_ == State::starting) {
    sda_.drive(false);
    scl_.drive(false);
    clear_bits(CR1, START);
    set_bits(SR2, MSL | BUSY);
    clear_bits(SR2, TRA);
    set_bits(SR1, SB);
    status_read_ = false;
    state_ = State::start_held;
    if (value(CR1) & STOP) begin_stop();
    return refresh();
  }
  if (state_ == State::stopping) return finish_stop();
  const bool from_master = state_ != State::receiving;
  const int bit = edge_ / 2;
  if ((edge_++ & 1) == 0) {  // SCL rises: the bit is taken
    scl_.drive(true);
    if (bit == 8) acknowledged_ = !sda_.level(true);
    else incoming_ = static_cast<std::uint8_t>(incoming_ << 1 | (sda_.level(true) ? 1 : 0));
    event_.at(later(board.now(), bit_time() / 2));
    return;
  }
  scl_.drive(false);
  if (bit == 8) return byte_done();
  if (bit < 7) {
    const bool level = shift_ >> (6 - bit) & 1;
    if (from_master) sda_.drive(level);
    else slave_line(level);
  } else if (from_master) {  // the slave's turn to acknowledge
    sda_.drive(true);
    bool yes = false;
    if (state_ == State::address) {
      slave_ = nullptr;
      for (const auto &one : devices_)
        if (one->address() == shift_ >> 1) slave_ = one.get();
      yes = slave_ && slave_->start(shift_ & 1, board.now());
      if (!yes) slave_ = nullptr;
    } else if (slave_) {
      yes = slave_->received(shift_);
    }
    slave_line(!yes);
  } else {
    slave_line(true);
    sda_.drive(!acknowledge());
  }
  event_.at(later(board.now(), bit_time() / 2));
}

/// Whether the byte that is just coming in is acknowledged (27.3.3, 27.6.1: ACK, POS; 27.6.2: LAST).
bool I2c::acknowledge() const {
  if ((value(CR2) & (DMAEN | LAST)) == (DMAEN | LAST)) {
    auto *dma = board.find<Dma>("DMA1");
    const std::uint32_t waiting = flag(RXNE) ? 1 : 0;
    if (dma && dma->remaining(name() + "_RX") <= 1 + waiting) return false;
  }
  return value(CR1) & POS ? pos_acknowledge_ : (value(CR1) & ACK) != 0;
}

void I2c::byte_done() {
  slave_line(true);
  if (state_ == State::address) {
    reading_ = shift_ & 1;
    if (!acknowledged_) {
      set_bits(SR1, AF);
      state_ = State::refused;
      if (value(CR1) & STOP) begin_stop();
      return refresh();
    }
    set_bits(SR1, ADDR);
    if (reading_) clear_bits(SR2, TRA);
    else set_bits(SR2, TRA);
    pos_acknowledge_ = (value(CR1) & ACK) != 0;
    status_read_ = false;
    taken_ = 0;
    address_since_ = board.now();
    state_ = State::address_held;
    return refresh();
  }
  if (state_ == State::sending) sent(acknowledged_);
  else got_byte();
  refresh();
}

void I2c::address_cleared() {
  clear_bits(SR1, ADDR);
  if (reading_) {
    shift(State::receiving, 0);
  } else if (value(CR1) & STOP) {
    begin_stop();
  } else if (value(CR1) & START) {
    begin_start();
  } else {
    set_bits(SR1, TXE);
    state_ = State::send_held;
    if (data_full_) {
      data_full_ = false;
      shift(State::sending, data_);
    }
  }
  refresh();
}

void I2c::sent(bool acknowledged) {
  if (!acknowledged) {
    set_bits(SR1, AF);
    state_ = State::refused;
    if (value(CR1) & STOP) begin_stop();
    return;
  }
  if (value(CR1) & STOP) return begin_stop();
  if (value(CR1) & START) return begin_start();
  if (data_full_) {
    data_full_ = false;
    set_bits(SR1, TXE);
    return shift(State::sending, data_);
  }
  set_bits(SR1, BTF);
  status_read_ = false;
  state_ = State::send_held;
}

void I2c::got_byte() {
  pos_acknowledge_ = (value(CR1) & ACK) != 0;
  if (!flag(RXNE)) {
    data_ = incoming_;
    set_bits(SR1, RXNE);
    return next_after_byte();
  }
  held_byte_ = incoming_;  // DR has not been read yet: the byte stays in the shift register, the clock is held low
  held_full_ = true;
  if (value(CR1) & STOP) return stop_after_byte();
  set_bits(SR1, BTF);
  status_read_ = false;
  state_ = State::receive_held;
}

void I2c::next_after_byte() {
  if (value(CR1) & STOP) return stop_after_byte();
  if (value(CR1) & START) return start_after_byte();
  if (acknowledged_) return shift(State::receiving, 0);
  state_ = State::receive_held;  // refused by the master: only STOP or START can follow
}

std::uint32_t I2c::read(std::uint32_t offset) {
  const std::uint32_t before = value(offset);
  if (offset == SR1) {
    status_read_ = true;
  } else if (offset == SR2) {
    if (flag(ADDR) && status_read_) address_cleared();
  } else if (offset == DR) {
    const std::uint32_t byte = data_;
    if (flag(RXNE)) {
      ++taken_;
      if (held_full_) {
        data_ = held_byte_;
        held_full_ = false;
        clear_bits(SR1, BTF);
        if (state_ == State::receive_held) next_after_byte();
      } else {
        clear_bits(SR1, RXNE);
      }
      refresh();
    }
    return byte;
  }
  return before;
}

void I2c::write_data(std::uint32_t data) {
  if (flag(SB)) {
    if (!status_read_) {
      finding("i2c_misuse",
              "the address is written to DR of " + name() + " before SR1 was read with SB set: SB stays and nothing is sent "
              "(RM0090 27.3.3: read SR1, then write DR)",
              DR);
      return;
    }
    if (flag(RXNE)) check_all_read();
    clear_bits(SR1, SB | RXNE);  // writing DR clears RXNE, too (27.6.6)
    held_full_ = false;
    address_at_ = board.pc();
    return shift(State::address, static_cast<std::uint8_t>(data));
  }
  data_ = static_cast<std::uint8_t>(data);
  if (state_ == State::send_held) {
    clear_bits(SR1, BTF);
    return shift(State::sending, data_);
  }
  if (flag(ADDR)) {  // it waits until ADDR is cleared
    data_full_ = true;
    return;
  }
  if (state_ == State::sending) {
    data_full_ = true;
    clear_bits(SR1, TXE);
    return;
  }
  finding("i2c_misuse",
          "DR of " + name() + " is written while no byte can be sent (" +
              (state_ == State::idle ? "no START was generated" : state_ == State::refused ? "the slave has not acknowledged: AF is set"
                                                                                           : "the unit is not transmitting") +
              "): the byte is lost (RM0090 27.3.3)",
          DR);
}

void I2c::write(std::uint32_t offset, std::uint32_t data) {
  connect();
  switch (offset) {
    case CR1: write_control(data); break;
    case DR: write_data(data); break;
    case SR1: set(SR1, value(SR1) & (data | ~static_cast<std::uint32_t>(errors))); break;  // rc_w0
    case CCR:
    case TRISE:
      check_timing(offset, data);
      store(offset, data);
      break;
    case SR2: break;
    default: store(offset, data);
  }
  refresh();
}

void I2c::refresh() {
  const std::uint32_t sr1 = value(SR1), cr2 = value(CR2);
  const bool buffer = (cr2 & ITBUFEN) != 0 && (sr1 & (RXNE | TXE)) != 0;
  interrupt(event_irq_, (cr2 & ITEVTEN) != 0 && ((sr1 & 0x1F) != 0 || buffer));
  interrupt(error_irq_, (cr2 & ITERREN) != 0 && (sr1 & errors) != 0);
  rx_dma_.set((cr2 & DMAEN) != 0 && (sr1 & RXNE) != 0);
  tx_dma_.set((cr2 & DMAEN) != 0 && (sr1 & TXE) != 0 && (value(SR2) & TRA) != 0);
}

Time I2c::stable_until(std::uint32_t offset) {
  if (offset == DR || (offset == SR2 && flag(ADDR))) return board.now();
  return never;
}

void I2c::reset() {
  Peripheral::reset();
  event_.cancel();
  state_ = State::idle;
  slave_ = nullptr;
  data_full_ = held_full_ = status_read_ = checked_ = false;
  scl_.release();
  sda_.release();
  rx_dma_.drop();
  tx_dma_.drop();
  interrupt(event_irq_, false);
  interrupt(error_irq_, false);
}

void I2c::gate_changed(bool on) {
  connect();
  if (!on) event_.cancel();
}

void I2c::report(nlohmann::json &report) {
  check_address_cleared();
  for (const auto &one : devices_) report["i2c"][plan_name(name())].push_back(one->report());
}

std::unique_ptr<Peripheral> make_i2c(Board &board, const PeripheralInfo &info) { return std::make_unique<I2c>(board, info); }

}  // namespace board
