#include "spi.hpp"

#include <algorithm>

#include "hex.hpp"
#include "i2s.hpp"

namespace board {
namespace {

enum Cr1 : std::uint32_t { CPHA = 1, CPOL = 2, MSTR = 4, BR = 0x38, SPE = 0x40, LSBFIRST = 0x80, SSI = 0x100, SSM = 0x200,
                           DFF = 0x800, CRCEN = 0x2000, BIDIMODE = 0x8000 };
enum Cr2 : std::uint32_t { RXDMAEN = 1, TXDMAEN = 2, SSOE = 4, FRF = 16, ERRIE = 32, RXNEIE = 64, TXEIE = 128 };
enum Sr : std::uint32_t { RXNE = 1, TXE = 2, MODF = 32, OVR = 64, BSY = 128 };

}  // namespace

Spi::Spi(Board &owner, const PeripheralInfo &info)
    : Peripheral(owner, info),
      sck_(owner.pins.signal(std::string(info.name) + "_SCK")),
      miso_(owner.pins.signal(std::string(info.name) + "_MISO")),
      mosi_(owner.pins.signal(std::string(info.name) + "_MOSI")),
      nss_(owner.pins.signal(std::string(info.name) + "_NSS")),
      rx_dma_(owner.dma_requests.line(std::string(info.name) + "_RX")),
      tx_dma_(owner.dma_requests.line(std::string(info.name) + "_TX")),
      irq_(Board::irq(info.name)),
      edge_(owner.events, [this] { clock_edge(); }),
      check_(owner.events, [this] { check_started(); }) {
  sck_.on_change = [this](bool level) { slave_clock(level); };
  nss_.on_change = [this](bool) {
    if (clocked()) check_mode_fault();
  };
  if (name() != "SPI1") i2s_ = std::make_unique<I2s>(owner, *this, "I2S" + name().substr(3));
}

Spi::~Spi() = default;

/// BR: the clock is PCLK / 2 .. PCLK / 256 (28.5.1).
Time Spi::half_bit() const { return periods(1u << (value(CR1) >> 3 & 7), std::max(1u, bus_clock())); }

/// The scripted devices come from the plan at the first use, when the pins are there.
void Spi::connect() {
  if (devices_made_) return;
  devices_made_ = true;
  const auto &plan = board.plan("spi");
  if (!plan.is_object() || !plan.contains(plan_name(name()))) return;
  for (const auto &one : plan.at(plan_name(name()))) devices_.push_back(std::make_unique<SpiDevice>(board, one));
}

SpiDevice *Spi::device() const {
  for (const auto &one : devices_)
    if (one->selected()) return one.get();
  return nullptr;
}

std::uint32_t Spi::read(std::uint32_t offset) {
  if (offset == SR) {
    const std::uint32_t status = value(SR);
    fault_read_ = (status & MODF) != 0;
    if ((status & OVR) != 0 && data_read_) {  // DR, then SR: clears OVR (28.3.10)
      clear_bits(SR, OVR);
      data_read_ = false;
      refresh();
    }
    return status;
  }
  if (offset == DR) {
    clear_bits(SR, RXNE);
    data_read_ = (value(SR) & OVR) != 0;
    refresh();
    return receive_;
  }
  return value(offset);
}

void Spi::write(std::uint32_t offset, std::uint32_t data) {
  connect();
  switch (offset) {
    case CR1:
      return write_control(data);
    case CR2:
      if (data & FRF) unsupported("CR2.FRF (TI frame format)");
      store(CR2, data);
      check_mode_fault();
      break;
    case SR:
      break;  // only CRCERR could be cleared, and that unit is not modelled
    case DR:
      if (audio() && i2s_) {
        i2s_->write_data(data);
        break;
      }
      if (!enabled()) {
        transmit_ = static_cast<std::uint16_t>(data);
        transmit_full_ = true;
        clear_bits(SR, TXE);
        written_at_ = board.pc();
        check_.at(later(board.now(), millisecond));
        break;
      }
      if (transmit_full_)
        finding("spi_misuse",
                "DR of " + name() + " is written while TXE is 0: the word that waits in the transmit buffer is lost; wait for TXE "
                "before each write (RM0090 28.3.5)",
                DR);
      transmit_ = static_cast<std::uint16_t>(data & (bits() == 8 ? 0xFF : 0xFFFF));
      transmit_full_ = true;
      clear_bits(SR, TXE);
      if (master() && !shifting_ && !only_receives()) load_frame();
      break;
    case I2SCFGR:
      if (i2s_) i2s_->write_configuration(data);
      else if ((data & 0x800) != 0) finding("spi_misuse", "I2SCFGR.I2SMOD is set in SPI1: only SPI2 and SPI3 have I2S (RM0090 28.1)", I2SCFGR);
      break;
    case I2SPR:
      if (i2s_) i2s_->write_prescaler(data);
      break;
    default:
      store(offset, data);
  }
  refresh();
}

void Spi::write_control(std::uint32_t data) {
  const std::uint32_t before = value(CR1), changed = before ^ data;
  if ((changed & (CPHA | CPOL | MSTR)) != 0) mode_set_at_ = board.pc();
  if (audio() && (data & SPE) != 0)
    finding("spi_misuse", "CR1.SPE of " + name() + " is set in I2S mode (I2SCFGR.I2SMOD): the unit is switched on by I2SCFGR.I2SE (RM0090 28.5.1, 28.5.8)", CR1);
  if (data & CRCEN) unsupported("CR1.CRCEN (the CRC unit)");
  if ((before & SPE) != 0 && (data & SPE) != 0) {
    if (changed & DFF)
      finding("peripheral_enabled_while_configured",
              "CR1.DFF of " + name() + " is changed while SPE is 1: the frame's length may be written only while the unit is off "
              "(RM0090 28.5.1)",
              CR1);
    if ((changed & (CPHA | CPOL | BR | LSBFIRST | MSTR)) != 0 && (value(SR) & BSY) != 0)
      finding("peripheral_enabled_while_configured",
              "CR1 of " + name() + " is changed in the middle of a frame (BSY is 1): clock, order and mode must stand while a "
              "communication is going on (RM0090 28.5.1)",
              CR1);
  }
  if ((before & SPE) != 0 && (data & SPE) == 0 && (value(SR) & BSY) != 0 && master() && !only_receives())
    finding("spi_misuse",
            name() + " is switched off (SPE = 0) while BSY is 1: the frame is cut short; wait for TXE = 1, then BSY = 0 "
            "(RM0090 28.3.8)",
            CR1);
  if (fault_read_ && (value(SR) & MODF)) clear_bits(SR, MODF);  // SR read, then CR1 written (28.3.10)
  fault_read_ = false;
  store(CR1, data);
  if ((before & SPE) != 0 && !enabled()) {
    edge_.cancel();
    shifting_ = false;
    clear_bits(SR, BSY);
  }
  check_mode_fault();
  if (enabled() && master()) {
    sck_.drive(idle_level());
    if ((value(CR1) & SSM) == 0 && (value(CR2) & SSOE) != 0) nss_.drive(false);
    if (!shifting_ && (only_receives() || transmit_full_)) load_frame();
  } else {
    sck_.release();
    if (!enabled()) nss_.release(), mosi_.release(), miso_.release();
  }
  if (enabled() && !master()) half_ = 0;
  refresh();
}

/// A word was written to a unit that was off: still so after a while?
void Spi::check_started() {
  if (enabled() || !transmit_full_ || (value(SR) & MODF) != 0) return;
  Finding finding;
  finding.kind = "spi_misuse";
  finding.text = "DR of " + name() + " is written while SPE is 0 in CR1, and the unit is not switched on afterwards: nothing is sent "
                 "(RM0090 28.3.3, 28.5.1)";
  finding.peripheral = name();
  finding.register_name = "DR";
  finding.address = info().base + DR;
  board.findings.add_at(written_at_, std::move(finding));
}

/// 28.3.10: a master whose NSS is low gives up: MODF, SPE and MSTR are cleared.
void Spi::check_mode_fault() {
  if (!enabled() || !master()) return;
  const bool software = (value(CR1) & SSM) != 0;
  const bool low = software ? (value(CR1) & SSI) == 0 : (value(CR2) & SSOE) == 0 && !nss_.level(false);
  if (!low) return;
  set_bits(SR, MODF);
  clear_bits(CR1, MSTR | SPE);
  edge_.cancel();
  shifting_ = false;
  clear_bits(SR, BSY);
  sck_.release();
  finding("spi_misuse",
          name() + " becomes no master: its NSS is low (" +
              (software ? "SSM = 1 with SSI = 0" : nss_.routed() ? "the NSS pin is low" : "SSM = 0, SSOE = 0 and no pin carries NSS") +
              "), which is a mode fault: MODF is set, SPE and MSTR are cleared. Set SSM and SSI, or SSOE (RM0090 28.3.1, 28.3.10)",
          CR1);
  refresh();
}

void Spi::refresh() {
  if (!transmit_full_) set_bits(SR, TXE);
  const std::uint32_t sr = value(SR), cr2 = value(CR2);
  interrupt(irq_, ((sr & RXNE) && (cr2 & RXNEIE)) || ((sr & TXE) && (cr2 & TXEIE)) || ((sr & (MODF | OVR)) && (cr2 & ERRIE)));
  rx_dma_.set(enabled() && (sr & RXNE) && (cr2 & RXDMAEN));
  tx_dma_.set((enabled() || (i2s_ && i2s_->running())) && (sr & TXE) && (cr2 & TXDMAEN) && clocked());
}

/// Moves the waiting word into the shift register and begins to clock it.
void Spi::load_frame() {
  if (frames_++ == 0) {
    sck_.require(name() + " sends its clock as a master");
    if (!only_receives() || one_wire()) mosi_.require(name() + " sends data as a master");
  }
  shift_out_ = transmit_full_ ? transmit_ : 0;
  transmit_full_ = false;
  shift_in_ = 0;
  half_ = 0;
  shifting_ = true;
  set_bits(SR, TXE | BSY);
  if (SpiDevice *chosen = device()) {
    check_mode(*chosen);
    device_bits_ = chosen->reply(static_cast<int>(value(CR1) & 3));
    // The second byte depends on the first one (an address): it is asked for when that is complete.
    if (bits() == 16) device_bits_ = static_cast<std::uint16_t>(device_bits_ << 8);
  } else if (!devices_.empty()) {
    for (const Pin pin : miso_.pins()) board.pins.release_external(pin);
  }
  if (!second_edge()) put_bit();
  edge_.at(later(board.now(), half_bit()));
}

/// 28.3.1: master and slave must agree on CPOL and CPHA, or one takes the bits at the edge at which the other changes them.
void Spi::check_mode(const SpiDevice &device) {
  const int mode = static_cast<int>(value(CR1) & 3);
  if (device.mode() < 0 || device.mode() == mode) return;
  const auto named = [](int n) {
    return "mode " + std::to_string(n) + " (CPOL = " + std::to_string(n >> 1) + ", CPHA = " + std::to_string(n & 1) + ")";
  };
  Finding finding;
  finding.kind = "spi_misuse";
  finding.text = name() + " clocks the device" + (device.select().empty() ? "" : " selected by P" + device.select()) + " in " +
                 named(mode) + ", but it works in " + named(device.mode()) + ": bits are taken at the wrong edge and the bytes are wrong "
                 "(RM0090 28.3.1, 28.5.1)";
  finding.peripheral = name();
  finding.register_name = "CR1";
  finding.address = info().base + CR1;
  board.findings.add_at(mode_set_at_, std::move(finding));
}

/// One edge of the clock: 2 per bit. With CPHA = 0 data is taken at the first and changed at the second (28.3.1).
void Spi::clock_edge() {
  const bool leading = (half_ & 1) == 0;
  sck_.drive(leading != idle_level());
  if (leading == second_edge()) {
    if (second_edge()) put_bit();
    else if (half_ + 1 < 2 * bits()) put_bit();
  } else {
    take_bit();
  }
  ++half_;
  if (half_ == 2 * bits()) return finish_frame();
  edge_.at(later(board.now(), half_bit()));
}

/// The bit of the present position: the leading edge of bit n is edge 2n.
void Spi::put_bit() {
  const int position = second_edge() ? half_ / 2 : (half_ + 1) / 2;
  const int shift = value(CR1) & LSBFIRST ? position : bits() - 1 - position;
  if (!one_wire() || (value(CR1) >> 14 & 1)) mosi_.drive(shift_out_ >> shift & 1);
  SpiDevice *chosen = device();
  if (!chosen) return;
  const int from_top = position % 8, byte = position / 8;
  if (byte == 1 && from_top == 0) {
    chosen->received(static_cast<std::uint8_t>(shift_out_ >> 8));
    device_bits_ = static_cast<std::uint16_t>((device_bits_ & 0xFF00) | chosen->reply(static_cast<int>(value(CR1) & 3)));
  }
  const bool level = device_bits_ >> (bits() - 1 - position) & 1;
  for (const Pin pin : (one_wire() ? mosi_ : miso_).pins()) board.pins.drive_external(pin, level);
}

bool Spi::input_level() const { return (one_wire() ? mosi_ : miso_).level(false); }

void Spi::take_bit() {
  const int position = half_ / 2;
  const int shift = value(CR1) & LSBFIRST ? position : bits() - 1 - position;
  if (input_level()) shift_in_ = static_cast<std::uint16_t>(shift_in_ | 1u << shift);
}

void Spi::finish_frame() {
  shifting_ = false;
  if (SpiDevice *chosen = device(); chosen && master()) {
    std::uint16_t sent = shift_out_;
    if (value(CR1) & LSBFIRST) {
      sent = 0;
      for (int n = 0; n < bits(); ++n) sent = static_cast<std::uint16_t>(sent | (shift_out_ >> n & 1) << (bits() - 1 - n));
    }
    chosen->received(static_cast<std::uint8_t>(sent));
  }
  if (receives()) {
    if (value(SR) & RXNE) {
      set_bits(SR, OVR);  // the new word is lost (28.3.10)
    } else {
      receive_ = shift_in_;
      set_bits(SR, RXNE);
    }
  }
  if (master() && enabled() && (transmit_full_ || only_receives())) {
    load_frame();
  } else {
    clear_bits(SR, BSY);
  }
  refresh();
}

bool Spi::slave_selected() const { return value(CR1) & SSM ? (value(CR1) & SSI) == 0 : !nss_.level(true); }

/// As a slave the clock comes from the pin.
void Spi::slave_clock(bool level) {
  if (!clocked() || !enabled() || master() || !slave_selected()) return;
  const bool leading = level != idle_level();
  if (half_ == 0 && !leading) return;
  const auto put = [this] {
    const int position = second_edge() ? half_ / 2 : (half_ + 1) / 2;
    const int shift = value(CR1) & LSBFIRST ? position : bits() - 1 - position;
    miso_.drive(shift_out_ >> shift & 1);
  };
  if (half_ == 0) {
    set_bits(SR, BSY);
    shift_in_ = 0;
    // With CPHA = 0 the first bit was put out when the word was written; here it is done at the latest moment.
    shift_out_ = transmit_full_ ? transmit_ : shift_out_;
    transmit_full_ = false;
    if (!second_edge()) put();
  }
  if (leading == second_edge()) {
    if (second_edge() || half_ + 1 < 2 * bits()) put();
  } else {
    const int position = half_ / 2;
    const int shift = value(CR1) & LSBFIRST ? position : bits() - 1 - position;
    if (mosi_.level(false)) shift_in_ = static_cast<std::uint16_t>(shift_in_ | 1u << shift);
  }
  if (++half_ < 2 * bits()) return refresh();
  half_ = 0;
  finish_frame();
}

Time Spi::stable_until(std::uint32_t offset) {
  if (offset == DR) return board.now();
  return offset == SR && (value(SR) & OVR) != 0 && data_read_ ? board.now() : never;
}

void Spi::reset() {
  Peripheral::reset();
  edge_.cancel();
  check_.cancel();
  if (i2s_) i2s_->reset();
  transmit_full_ = shifting_ = data_read_ = fault_read_ = false;
  half_ = 0;
  for (Signal *signal : {&sck_, &miso_, &mosi_, &nss_}) signal->release();
  rx_dma_.drop();
  tx_dma_.drop();
  interrupt(irq_, false);
}

void Spi::clock_changed() {
  if (i2s_) i2s_->clock_changed();
  if (edge_.scheduled()) edge_.at(later(board.now(), half_bit()));
}

void Spi::gate_changed(bool on) {
  connect();
  if (!on) edge_.cancel();
  else if (shifting_ && master()) edge_.at(later(board.now(), half_bit()));
}

void Spi::report(nlohmann::json &report) {
  if (i2s_) i2s_->report(report);
  if (devices_.empty()) return;
  auto &list = report["spi"][plan_name(name())];
  for (const auto &one : devices_) list.push_back(one->report());
}

std::unique_ptr<Peripheral> make_spi(Board &board, const PeripheralInfo &info) { return std::make_unique<Spi>(board, info); }

}  // namespace board
