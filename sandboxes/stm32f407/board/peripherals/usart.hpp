// USART1-3, 6 and UART4-5: asynchronous frames (RM0090 chapter 30).
#pragma once

#include <deque>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../peripheral.hpp"

namespace board {

class Usart : public Peripheral {
 public:
  Usart(Board &board, const PeripheralInfo &info);
  void reset() override;
  std::uint32_t read(std::uint32_t offset) override;
  void write(std::uint32_t offset, std::uint32_t data) override;
  Time stable_until(std::uint32_t offset) override;
  void report(nlohmann::json &report) override;

  /// A frame has arrived on RX, sent at `baud` (0: at whatever rate this port expects).
  void receive(std::uint32_t word, double baud);
  /// RX has just gone low for a start bit.
  void start_bit() { idle_.cancel(); }
  bool receives_on(Pin pin) const;

 private:
  struct Stimulus {
    Time at;
    std::string bytes;
    double baud;
  };
  struct Line {
    Time at;
    std::string text;
  };

  bool enabled(std::uint32_t bit) const;
  double baud() const;
  double bits_per_frame() const;
  Time frame_time() const;
  std::uint32_t data_mask() const;
  std::uint32_t read_data();
  void write_data(std::uint32_t word);
  void write_control1(std::uint32_t data);
  void refuse_modes();
  void transmit(std::uint32_t word);
  void sent();
  void deliver(std::uint32_t word);
  std::vector<Usart *> listeners() const;
  void load_plan();
  void stimulate();
  void line_idle();
  void update();

  const std::string port_;  // "usart2"
  const int irq_;
  Signal &tx_, &rx_;
  DmaRequest &tx_request_, &rx_request_;
  Event sent_, stimulus_, idle_;
  bool shifting_ = false, waiting_ = false;  // in the shift register; in TDR
  std::uint32_t shift_ = 0, holding_ = 0;
  bool status_read_ = false;  // SR was read: the first half of the clearing sequences (30.6.1)
  std::uint32_t received_ = 0;
  std::deque<Stimulus> stimuli_;
  std::size_t stimulus_byte_ = 0;
  bool stimulus_begun_ = false;  // the start bit of the stimulus' first byte is past
  double last_baud_ = 0;
  bool preamble_ = false;

  std::string text_;
  std::uint64_t bytes_ = 0;
  std::string line_;
  std::vector<Line> lines_;
};

}  // namespace board
