// TIM1 to TIM14 (RM0090 chapters 17 to 20): one model, with the features that the instance has.
#pragma once

#include <array>
#include <functional>
#include <vector>

#include "../peripheral.hpp"
#include "timer_counter.hpp"

namespace board {

/// The counter is not stepped. It is arithmetic (TimerCounter); an event is scheduled only for the next tick at which
/// something must happen that others can see (an interrupt, a DMA request, an edge at a pin, a trigger). Flags that nobody
/// waits for are found when a register is accessed: `settle` brings everything up to now.
class Timer : public Peripheral {
 public:
  Timer(Board &board, const PeripheralInfo &info);

  std::uint32_t read(std::uint32_t offset) override;
  void write(std::uint32_t offset, std::uint32_t data) override;
  std::uint32_t peek(std::uint32_t offset) override;
  Time stable_until(std::uint32_t offset) override;
  void reset() override;
  void report(nlohmann::json &report) override;
  void clock_will_change() override;
  void clock_changed() override;
  void gate_changed(bool on) override;

  /// For the ADC: called at every TRGO, and at edges of the reference signal of a channel (1..4).
  void on_trigger_output(std::function<void()> listener) { trigger_listeners_.push_back(std::move(listener)); }
  void on_channel(int channel, std::function<void(bool rising)> listener);
  /// For masters: one of the four internal triggers of this timer has fired or changed its level.
  void internal_trigger(int input, bool level);
  int number() const { return number_; }

  enum Offset : std::uint32_t {
    CR1 = 0x00, CR2 = 0x04, SMCR = 0x08, DIER = 0x0C, SR = 0x10, EGR = 0x14, CCMR1 = 0x18, CCMR2 = 0x1C, CCER = 0x20,
    CNT = 0x24, PSC = 0x28, ARR = 0x2C, RCR = 0x30, CCR1 = 0x34, BDTR = 0x44, DCR = 0x48, DMAR = 0x4C, OR = 0x50,
  };

 private:
  struct Channel {
    Signal *signal = nullptr, *complement = nullptr;
    DmaRequest *dma = nullptr;
    std::uint32_t compare = 0;      // the active value (CCRx holds the preloaded one)
    bool reference = false;         // OCxREF
    Time changed = 0;               // when it last changed (dead time counts from there)
    std::uint32_t captures = 0;     // edges counted by the input prescaler
    bool driven = false;            // it has driven a pin at some time
    std::vector<std::function<void(bool)>> listeners;
  };

  // timer.cpp: registers, counting, updates
  bool bit(std::uint32_t offset, int number) const { return value(offset) >> number & 1; }
  std::uint32_t field(std::uint32_t offset, int lsb, int width) const { return value(offset) >> lsb & ((1u << width) - 1); }
  std::uint32_t timer_clock() const;
  TimerCounter::Direction direction() const;
  bool clocked_from_outside() const;
  void run_if_enabled();
  void settle();
  bool nothing_waits() const;
  std::uint64_t next_update(std::uint64_t after) const;
  void at_update(Time when);
  void update_event(Time when, bool by_software);
  void load_preloaded(Time when);
  void generate(std::uint32_t bits);
  void write_cr1(std::uint32_t data);
  void write_compare(int channel, std::uint32_t data);
  void raise(std::uint32_t flags) { set_bits(SR, flags); }
  void refresh();
  void interrupts();
  void schedule();
  std::uint64_t next_needed() const;
  std::uint32_t burst_offset();
  void ask(DmaRequest *line);

  // timer_channels.cpp: compare, outputs, captures
  int channels() const { return static_cast<int>(channels_.size()); }
  std::uint32_t mode_bits(int channel) const;
  bool is_input(int channel) const { return (mode_bits(channel) & 3) != 0; }
  std::uint32_t compare_mode(int channel) const { return mode_bits(channel) >> 4 & 7; }
  bool preloaded(int channel) const { return mode_bits(channel) >> 3 & 1; }
  bool enabled(int channel) const { return bit(CCER, 4 * channel); }
  int matching_phases(int channel, std::array<std::uint64_t, 2> &phases) const;
  void matches(std::uint64_t from, std::uint64_t to);
  void matched(int channel, std::uint64_t times);
  bool needs_matches(int channel) const;
  bool reference_now(int channel) const;
  void outputs();
  void drive(int channel);
  void drive_pair(int channel);
  Time dead_time() const;
  void write_channel_mode(std::uint32_t offset, std::uint32_t data);
  static bool routed(const Channel &channel);
  void check_outputs();
  void check_inputs();
  void remark_outputs();
  void input_changed(int input, bool level);
  void capture(int channel);
  bool edge_wanted(int channel, bool rising) const;

  // timer_slave.cpp: slave modes, encoder, triggers
  void trigger_output();
  void trigger_level(bool level);
  void slave_input(int input, bool level);
  void external_trigger(bool level);
  void trigger_edge(bool level, bool both_edges);
  void encoder_edge(int input, bool rising);
  void external_tick(bool forward);

  const int number_;
  const bool advanced_, wide_;
  const Bus bus_;
  int update_irq_, compare_irq_, trigger_irq_;  // one and the same for most timers
  TimerCounter counter_;
  std::uint64_t done_ = 0;          // ticks of the counter's present origin that have been dealt with
  std::uint32_t repetitions_ = 0;   // updates still to swallow (TIM1, TIM8)
  std::uint32_t burst_ = 0;         // next register of a DMA burst
  std::uint32_t outside_ = 0;       // external ticks counted by the prescaler
  std::uint32_t trigger_prescale_ = 0;
  std::uint32_t started_at_ = 0;    // the instruction that set CEN
  std::vector<Channel> channels_;
  std::vector<std::function<void()>> trigger_listeners_;
  DmaRequest *update_dma_, *trigger_dma_;
  DmaRequest *burst_line_ = nullptr;  // the request that has begun the present burst
  Event event_;
  Event check_;
  Event dead_;  // the end of a dead time
};

}  // namespace board
