#include "adc.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "dma.hpp"
#include "timer.hpp"

namespace board {
namespace {

enum Sr : std::uint32_t { AWD = 1, EOC = 2, JEOC = 4, JSTRT = 8, STRT = 16, OVR = 32 };
enum Cr1 : std::uint32_t { EOCIE = 32, AWDIE = 64, JEOCIE = 128, SCAN = 256, AWDSGL = 512, JAUTO = 1024, DISCEN = 2048,
                           JDISCEN = 4096, JAWDEN = 1 << 22, AWDEN = 1 << 23, OVRIE = 1 << 26 };
enum Cr2 : std::uint32_t { ADON = 1, CONT = 2, DMA = 256, DDS = 512, EOCS = 1024, ALIGN = 2048, JSWSTART = 1 << 22, SWSTART = 1 << 30 };

constexpr std::uint32_t max_clock = 36'000'000;        // datasheet DS8626, table 67
constexpr Time stabilisation = 3 * microsecond;        // the same table, t_STAB

/// EXTSEL (13.13.3): a timer and its channel, 0 for TRGO.
struct Trigger {
  int timer, channel;
};
constexpr Trigger triggers[15] = {{1, 1}, {1, 2}, {1, 3}, {2, 2}, {2, 3}, {2, 4}, {2, 0}, {3, 1},
                                  {3, 0}, {4, 4}, {5, 1}, {5, 2}, {5, 3}, {8, 1}, {8, 0}};

/// Pins of channels 0..15 (datasheet table 7), as port letter and number; ADC3 has port F for some.
constexpr int pins_of_12[16] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x10, 0x11, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25};
constexpr int pins_of_3[16] = {0x00, 0x01, 0x02, 0x03, 0x56, 0x57, 0x58, 0x59, 0x5A, 0x53, 0x20, 0x21, 0x22, 0x23, 0x54, 0x55};

}  // namespace

Adc::Adc(Board &owner, const PeripheralInfo &info)
    : Peripheral(owner, info),
      number_(std::atoi(info.name + 3)),
      irq_(Board::irq("ADC")),
      dma_(owner.dma_requests.line(info.name)),
      done_(owner.events, [this] { finish(); }) {
  dma_.on_last = [this] {  // without DDS the unit asks no more after the DMA's last transfer (13.13.3)
    if ((value(CR2) & DDS) == 0) dma_over_ = true;
  };
}

std::uint32_t Adc::read(std::uint32_t offset) {
  if (offset != DR) return value(offset);
  unread_ = false;
  clear_bits(SR, EOC);
  dma_.set(false);
  refresh();
  return value(DR);
}

void Adc::write(std::uint32_t offset, std::uint32_t data) {
  switch (offset) {
    case SR:  // rc_w0
      set(SR, value(SR) & data);
      if ((data & OVR) == 0) unread_ = false;
      break;
    case CR2:
      write_cr2(data);
      break;
    default:
      store(offset, data);
  }
  refresh();
}

bool Adc::may_start(const char *bit) {
  if (value(CR2) & ADON) {
    if (board.now() < ready_at_)
      finding("adc_misuse",
              name() + " is started less than 3 us after ADON was set: the first result may be wrong (t_STAB, RM0090 13.3.1, "
              "datasheet table 67)",
              CR2, Severity::note);
    return true;
  }
  finding("adc_misuse",
          std::string(bit) + " of " + name() + " is set while ADON is 0: no conversion starts (RM0090 13.3.1, 13.13.3)", CR2);
  return false;
}

void Adc::write_cr2(std::uint32_t data) {
  const std::uint32_t before = value(CR2);
  const bool was_on = before & ADON;
  if ((data >> 20 & 3) != 0) unsupported("CR2.JEXTEN (external trigger of the injected group)");
  store(CR2, data & ~static_cast<std::uint32_t>(SWSTART | JSWSTART));
  if ((data & DMA) == 0 || (before & DMA) == 0) dma_over_ = false, dma_.set(false);
  if (!was_on && (data & ADON)) ready_at_ = later(board.now(), stabilisation);
  if (was_on && (data & ADON) == 0) {
    done_.cancel();
    running_ = waiting_ = Group::none;
    position_ = 0;
  }
  connect_trigger();
  // The start bits act only on a unit that is already on (13.13.3).
  const bool start_regular = data & SWSTART, start_injected = data & JSWSTART;
  if (start_regular || start_injected) {
    if (!was_on && (data & ADON)) {
      clear_bits(CR2, ADON);
      may_start(start_regular ? "SWSTART" : "JSWSTART");
      set_bits(CR2, ADON);
    } else if (may_start(start_regular ? "SWSTART" : "JSWSTART")) {
      if (start_injected) start(Group::injected);
      if (start_regular) start(Group::regular);
    }
  }
}

/// Subscribes to the timer that EXTSEL names, once for each.
void Adc::connect_trigger() {
  if ((value(CR2) >> 28 & 3) == 0) return;
  const std::uint32_t source = value(CR2) >> 24 & 15;
  if (source == 15) return unsupported("CR2.EXTSEL = 15 (EXTI line 11 as the trigger)");
  if (connected_[source]) return;
  auto *timer = board.find<Timer>("TIM" + std::to_string(triggers[source].timer));
  if (!timer) return;
  connected_[source] = true;
  if (triggers[source].channel == 0) timer->on_trigger_output([this, source] { triggered(source, true); triggered(source, false); });
  else timer->on_channel(triggers[source].channel, [this, source](bool rising) { triggered(source, rising); });
}

void Adc::triggered(std::uint32_t source, bool rising) {
  const std::uint32_t cr2 = value(CR2), edges = cr2 >> 28 & 3;
  if (!clocked() || (cr2 & ADON) == 0 || (cr2 >> 24 & 15) != source || (edges & (rising ? 1 : 2)) == 0) return;
  if (running_ == Group::none) start(Group::regular);
  refresh();
}

int Adc::regular_length() const { return value(CR1) & SCAN ? static_cast<int>(value(SQR1) >> 20 & 15) + 1 : 1; }
int Adc::injected_length() const { return value(CR1) & SCAN ? static_cast<int>(value(JSQR) >> 20 & 3) + 1 : 1; }

/// The channel at the present position of the sequence that is running (13.13.9 to 13.13.12).
int Adc::channel() const {
  if (running_ == Group::injected) {
    const int first = 3 - static_cast<int>(value(JSQR) >> 20 & 3);  // with JL = n the sequence is the last n + 1 entries
    return static_cast<int>(value(JSQR) >> (5 * (position_ + (value(CR1) & SCAN ? first : 3))) & 31);
  }
  const std::uint32_t offset = position_ < 6 ? SQR3 : position_ < 12 ? SQR2 : SQR1;
  return static_cast<int>(value(offset) >> (5 * (position_ % 6)) & 31);
}

/// Sampling (SMPRx) plus 12, 10, 8 or 6 cycles for the bits (13.5, 13.7).
Time Adc::duration(int which) const {
  constexpr std::uint32_t sampling[8] = {3, 15, 28, 56, 84, 112, 144, 480};
  const std::uint32_t code = which > 18    ? 0
                             : which >= 10 ? value(SMPR1) >> (3 * (which - 10)) & 7
                                           : value(SMPR2) >> (3 * which) & 7;
  const std::uint32_t cycles = sampling[code] + 12 - 2 * (value(CR1) >> 24 & 3);
  const auto *common = board.find<AdcCommon>("ADC_Common");
  return periods(std::uint64_t{cycles} * (common ? common->divider() : 2), std::max(1u, board.clocks.pclk2));
}

void Adc::start(Group group) {
  if (running_ != Group::none) {  // an injected group interrupts a regular one; here it follows the present conversion
    if (group == Group::injected && running_ == Group::regular) waiting_ = group;
    return;
  }
  if (group == Group::regular && (value(SR) & OVR) != 0) return;  // 13.8.2: until OVR is cleared
  const auto *common = board.find<AdcCommon>("ADC_Common");
  const std::uint32_t clock = board.clocks.pclk2 / (common ? common->divider() : 2);
  if (clock > max_clock)
    finding("clock_too_fast",
            name() + " is clocked with " + std::to_string(clock) + " Hz: at most 36 MHz are allowed, set ADCPRE in ADC_CCR "
            "(RM0090 13.13.16, datasheet table 67)",
            CR2, Severity::note);
  running_ = group;
  set_bits(SR, group == Group::regular ? STRT : JSTRT);
  if (group == Group::injected || (value(CR1) & DISCEN) == 0) position_ = 0;
  discontinuous_ = 0;
  convert();
}

void Adc::convert() { done_.at(later(board.now(), duration(channel()))); }

/// A conversion has ended.
void Adc::finish() {
  if (running_ == Group::none) return;
  const std::uint32_t result = sample(channel());
  const bool regular = running_ == Group::regular;
  if (regular) regular_result(result);
  else injected_result(result);
  refresh();
}

void Adc::regular_result(std::uint32_t result) {
  const bool last = position_ + 1 >= regular_length();
  const bool watched = (value(CR2) & (DMA | EOCS)) != 0;
  if (watched && unread_) return overrun();
  set(DR, result);
  unread_ = true;
  watchdog(result, false);
  if (last || (value(CR2) & EOCS) != 0) set_bits(SR, EOC);
  if ((value(CR2) & DMA) != 0 && !dma_over_) dma_.set(true);
  ++position_;
  if (waiting_ == Group::injected) {
    waiting_ = Group::none;
    running_ = Group::none;
    start(Group::injected);
    if (!last) waiting_ = Group::regular;  // the regular sequence begins anew afterwards
    return;
  }
  if (last) {
    position_ = 0;
    running_ = Group::none;
    if (value(CR1) & JAUTO) return start(Group::injected);
    if (value(CR2) & CONT) start(Group::regular);
    return;
  }
  if ((value(CR1) & DISCEN) != 0 && ++discontinuous_ > static_cast<int>(value(CR1) >> 13 & 7)) {
    running_ = Group::none;
    return;
  }
  convert();
}

void Adc::injected_result(std::uint32_t result) {
  const std::uint32_t index = static_cast<std::uint32_t>(position_);
  const std::uint32_t offset = value(JOFR1 + 4 * index) & 0xFFF;
  const std::int32_t shifted = static_cast<std::int32_t>(result) - static_cast<std::int32_t>(offset);
  set(JDR1 + 4 * index, static_cast<std::uint32_t>(shifted) & 0xFFFF);
  watchdog(result, true);
  if (++position_ < injected_length()) return convert();
  position_ = 0;
  set_bits(SR, JEOC);
  running_ = Group::none;
  const bool resume = waiting_ == Group::regular || ((value(CR1) & JAUTO) != 0 && (value(CR2) & CONT) != 0);
  waiting_ = Group::none;
  if (resume) start(Group::regular);
}

/// 13.8.2: the data was not read before the next came; conversions stop until OVR is cleared.
void Adc::overrun() {
  set_bits(SR, OVR);
  running_ = waiting_ = Group::none;
  position_ = 0;
  dma_.set(false);
  auto *dma = board.find<Dma>("DMA2");
  const bool stream_waits = dma && dma->remaining(name()) != UINT32_MAX;
  if (dma_over_ && !stream_waits) return;  // the DMA has all it was asked for
  finding("adc_overrun",
          "a result of " + name() + " was not fetched before the next one: OVR is set and conversions stop" +
              (dma_over_ ? "; DDS is 0 in CR2, so no DMA request follows the last transfer of the first round, though the stream is "
                           "circular: set DDS"
               : value(CR2) & DMA ? "; DMA is set in CR2: the stream must be on with the right channel before the start"
                                  : "; read DR after each EOC, or use DMA") +
              " (RM0090 13.8)",
          SR);
}

void Adc::watchdog(std::uint32_t result, bool injected) {
  const std::uint32_t cr1 = value(CR1);
  if ((cr1 & (injected ? JAWDEN : AWDEN)) == 0) return;
  if ((cr1 & AWDSGL) != 0 && static_cast<int>(cr1 & 31) != channel()) return;
  const std::uint32_t code = value(CR2) & ALIGN ? result >> 4 : result;
  if (code > (value(HTR) & 0xFFF) || code < (value(LTR) & 0xFFF)) set_bits(SR, AWD);
}

void Adc::refresh() {
  const std::uint32_t sr = value(SR), cr1 = value(CR1);
  interrupt(irq_, ((sr & EOC) && (cr1 & EOCIE)) || ((sr & JEOC) && (cr1 & JEOCIE)) || ((sr & AWD) && (cr1 & AWDIE)) ||
                      ((sr & OVR) && (cr1 & OVRIE)));
}

Pin Adc::pin_of(int which) const {
  const int code = (number_ == 3 ? pins_of_3 : pins_of_12)[which];
  return (code >> 4) * 16 + (code & 15);
}

/// What lies at a channel now: the plan's steps, else the level of the pin.
double Adc::millivolts(int which) {
  const auto &plan = board.plan("adc");
  std::string key = std::to_string(which);
  if (plan.is_object() && !plan.contains(key) && which < 16) key = pin_name(pin_of(which));
  if (plan.is_object() && plan.contains(key)) {
    double mv = 0;
    for (const auto &step : plan.at(key))
      if (step.value("at_ms", 0.0) * static_cast<double>(millisecond) <= static_cast<double>(board.now())) mv = step.value("mv", 0.0);
    return mv;
  }
  if (which == 16) return 760;   // 25 degrees (datasheet: V25 = 0.76 V)
  if (which == 17) return 1210;  // VREFINT
  if (which == 18) return 1650;  // VBAT / 2
  return which < 16 && board.pins.level(pin_of(which)) ? 3300 : 0;
}

std::uint32_t Adc::sample(int which) {
  double mv = 0;
  const auto *common = board.find<AdcCommon>("ADC_Common");
  if (which < 16) {
    const Pin pin = pin_of(which);
    const PinMode mode = board.pins.settings(pin).mode;
    if (mode != PinMode::analog)
      finding("pin_not_configured",
              name() + " converts channel " + std::to_string(which) + " while P" + pin_name(pin) + " is " +
                  (mode == PinMode::input ? "a digital input" : mode == PinMode::output ? "an output" : "in an alternate function") +
                  ": the pin must be in analog mode (GPIOx_MODER = 3: RM0090 8.3.12, 13.3.3)",
              CR2, mode == PinMode::input ? Severity::note : Severity::error);
    mv = mode == PinMode::output || mode == PinMode::alternate ? (board.pins.level(pin) ? 3300 : 0) : millivolts(which);
  } else if (number_ == 1 && which <= 18) {
    const bool on = which == 18 ? common && common->battery_channel() : common && common->internal_channels();
    if (!on)
      finding("adc_misuse",
              "channel " + std::to_string(which) + " of ADC1 is converted without " +
                  (which == 18 ? "VBATE" : "TSVREFE") + " in ADC_CCR: the internal source is not connected (RM0090 13.10, 13.13.16)",
              CR2);
    mv = on ? millivolts(which) : 0;
  }
  const std::uint32_t full = std::clamp(static_cast<int>(std::lround(mv * 4095.0 / 3300.0)), 0, 4095);
  const std::uint32_t drop = 2 * (value(CR1) >> 24 & 3);  // RES: 12, 10, 8, 6 bits
  const std::uint32_t code = full >> drop;
  if ((value(CR2) & ALIGN) == 0) return code;
  return drop == 6 ? code << 2 : code << (4 + drop);  // 13.4
}

void Adc::reset() {
  Peripheral::reset();
  done_.cancel();
  running_ = waiting_ = Group::none;
  position_ = 0;
  unread_ = dma_over_ = false;
  dma_.drop();
  interrupt(irq_, false);
}

void Adc::gate_changed(bool on) {
  if (!on) done_.cancel();
  else if (running_ != Group::none) convert();
}

void Adc::clock_changed() {
  if (done_.scheduled()) convert();
}

bool AdcCommon::reachable(const char *action, std::uint32_t offset) {
  for (const char *unit : {"ADC1", "ADC2", "ADC3"})
    if (const Peripheral *one = board.peripheral(unit); one && one->clocked()) return true;
  finding("unclocked_peripheral",
          std::string("the common registers of the ADCs are ") + action + " while no ADC has a clock: set ADC1EN (or 2, 3) in "
          "RCC_APB2ENR first (RM0090 7.3.14, 13.13)",
          offset);
  return false;
}

std::uint32_t AdcCommon::peek(std::uint32_t offset) {
  if (offset == CCR) return value(CCR);
  std::uint32_t out = 0;
  for (int n = 1; n <= 3; ++n)
    if (const auto *one = board.find<Adc>("ADC" + std::to_string(n)))
      out |= offset == CSR ? (one->status() & 0x3F) << (8 * (n - 1)) : n < 3 ? (one->data() & 0xFFFF) << (16 * (n - 1)) : 0;
  return out;
}

std::uint32_t AdcCommon::read(std::uint32_t offset) { return reachable("read", offset) ? peek(offset) : 0; }

void AdcCommon::write(std::uint32_t offset, std::uint32_t data) {
  if (!reachable("written", offset) || offset != CCR) return;
  if ((data & 31) != 0) unsupported("CCR.MULTI (dual and triple modes)");
  store(CCR, data);
}

std::unique_ptr<Peripheral> make_adc(Board &board, const PeripheralInfo &info) { return std::make_unique<Adc>(board, info); }
std::unique_ptr<Peripheral> make_adc_common(Board &board, const PeripheralInfo &info) {
  return std::make_unique<AdcCommon>(board, info);
}

}  // namespace board
