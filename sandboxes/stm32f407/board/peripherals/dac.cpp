// DAC (RM0090 chapter 14): two channels, by software, timer triggers and DMA.
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../peripheral.hpp"
#include "timer.hpp"

namespace board {
namespace {

/// TSEL (14.5.1): the timer whose TRGO triggers; 0: EXTI line 9; -1: software.
constexpr int trigger_timers[8] = {6, 8, 7, 5, 2, 4, 0, -1};

class Dac : public Peripheral {
 public:
  Dac(Board &owner, const PeripheralInfo &info)
      : Peripheral(owner, info),
        irq_(Board::irq("TIM6_DAC")),
        dma_{&owner.dma_requests.line("DAC1"), &owner.dma_requests.line("DAC2")} {}

  std::uint32_t read(std::uint32_t offset) override { return offset == SWTRIGR ? 0 : value(offset); }

  void write(std::uint32_t offset, std::uint32_t data) override {
    if (offset == CR) {
      write_control(data);
    } else if (offset == SWTRIGR) {
      for (int n = 0; n < 2; ++n)
        if ((data >> n & 1) != 0 && triggered_by(n) == -1) convert(n);
    } else if (offset == SR) {
      clear_bits(SR, data & (underrun(0) | underrun(1)));  // rc_w1
    } else {
      write_data(offset, data);
    }
    refresh();
  }

  void reset() override {
    Peripheral::reset();
    holding_ = {};
    for (DmaRequest *line : dma_) line->drop();
    interrupt(irq_, false);
  }

  void report(nlohmann::json &report) override {
    for (int n = 0; n < 2; ++n)
      for (const auto &[at, code] : outputs_[static_cast<std::size_t>(n)])
        report["dac"][std::to_string(n + 1)].push_back({static_cast<double>(at) / static_cast<double>(millisecond), code});
  }

 private:
  enum Offset : std::uint32_t { CR = 0x00, SWTRIGR = 0x04, DHR12R1 = 0x08, DHR12RD = 0x20, DOR1 = 0x2C, SR = 0x34 };

  std::uint32_t half(int n) const { return value(CR) >> (16 * n) & 0xFFFF; }
  bool enabled(int n) const { return half(n) & 1; }
  /// The trigger: a timer, 0 for EXTI, -1 for software, -2 for none (TEN = 0: the data goes out at once).
  int triggered_by(int n) const { return half(n) & 4 ? trigger_timers[half(n) >> 3 & 7] : -2; }
  static std::uint32_t underrun(int n) { return 1u << (13 + 16 * n); }

  void write_control(std::uint32_t data) {
    store(CR, data);
    for (int n = 0; n < 2; ++n) {
      if ((half(n) & 0xC0) != 0) unsupported("CR.WAVE" + std::to_string(n + 1) + " (noise and triangle generation)");
      if (!enabled(n)) continue;
      const Pin pin = 4 + n;
      if (board.pins.settings(pin).mode != PinMode::analog && !told_[static_cast<std::size_t>(n)]) {
        told_[static_cast<std::size_t>(n)] = true;
        finding("pin_not_configured",
                "channel " + std::to_string(n + 1) + " of the DAC is on while P" + pin_name(pin) + " is not in analog mode (GPIOx_MODER = "
                "3): the manual asks for it to avoid parasitic consumption (RM0090 14.2)",
                CR, Severity::note);
      }
      connect(triggered_by(n));
      if (triggered_by(n) == -2) convert(n);
    }
  }

  void connect(int timer) {
    if (timer == 0) return unsupported("CR.TSEL = 6 (EXTI line 9 as the trigger)");
    if (timer < 0 || connected_[static_cast<std::size_t>(timer)]) return;
    auto *model = board.find<Timer>("TIM" + std::to_string(timer));
    if (!model) return;
    connected_[static_cast<std::size_t>(timer)] = true;
    model->on_trigger_output([this, timer] {
      for (int n = 0; n < 2; ++n)
        if (clocked() && enabled(n) && triggered_by(n) == timer) convert(n);
      refresh();
    });
  }

  /// The nine holding registers are views of two values: right 12, left 12, right 8, for one channel or both (14.3.4).
  void write_data(std::uint32_t offset, std::uint32_t data) {
    if (offset < DHR12R1 || offset >= DOR1) return;
    store(offset, data);
    const bool both = offset >= DHR12RD;
    const std::uint32_t view = (both ? offset - DHR12RD : (offset - DHR12R1) % 12) / 4;
    for (int n = 0; n < 2; ++n) {
      if (!both && n != (offset >= DHR12R1 + 12 ? 1 : 0)) continue;
      const std::uint32_t part = both && n == 1 ? data >> (view == 2 ? 8 : 16) : data;
      holding_[static_cast<std::size_t>(n)] = view == 0 ? part & 0xFFF : view == 1 ? part >> 4 & 0xFFF : (part & 0xFF) << 4;
      if (enabled(n) && triggered_by(n) == -2) convert(n);
    }
  }

  /// DHR goes to DOR; with DMA the next value is asked for (14.3.6, 14.3.8).
  void convert(int n) {
    if (!enabled(n)) return;
    const auto index = static_cast<std::size_t>(n);
    set(DOR1 + 4 * static_cast<std::uint32_t>(n), holding_[index]);
    auto &list = outputs_[index];
    if (list.size() < 4096 && (list.empty() || list.back().second != holding_[index])) list.emplace_back(board.now(), holding_[index]);
    if ((half(n) & 0x1000) == 0 || triggered_by(n) == -2) return;
    if (dma_[index]->active()) set_bits(SR, underrun(n));
    else dma_[index]->pulse();
  }

  void refresh() {
    bool level = false;
    for (int n = 0; n < 2; ++n) level |= (half(n) & 0x2000) != 0 && (value(SR) & underrun(n)) != 0;
    interrupt(irq_, level);
  }

  const int irq_;
  std::array<DmaRequest *, 2> dma_;
  std::array<std::uint32_t, 2> holding_{};
  std::array<bool, 2> told_{};
  std::array<bool, 15> connected_{};
  std::array<std::vector<std::pair<Time, std::uint32_t>>, 2> outputs_;
};

}  // namespace

std::unique_ptr<Peripheral> make_dac(Board &board, const PeripheralInfo &info) { return std::make_unique<Dac>(board, info); }

}  // namespace board
