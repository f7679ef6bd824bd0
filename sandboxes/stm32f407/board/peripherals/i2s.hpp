// I2S on SPI2 and SPI3 (RM0090 28.4): master that transmits, sample by sample.
#pragma once

#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "clock_output.hpp"
#include "spi.hpp"

namespace board {

class I2s {
 public:
  I2s(Board &board, Spi &unit, const std::string &name);

  void write_configuration(std::uint32_t data);
  void write_prescaler(std::uint32_t data);
  void write_data(std::uint32_t data);
  bool running() const;
  void reset();
  void clock_changed();
  void report(nlohmann::json &report);

 private:
  std::uint32_t configuration() const;
  std::uint32_t prescaler() const;
  std::uint32_t divider() const;
  std::uint64_t bit_divider() const;
  std::uint32_t rate() const;
  int channel_bits() const { return (configuration() & 1) != 0 || data_bits() > 16 ? 32 : 16; }
  int data_bits() const;
  int words_per_channel() const { return data_bits() > 16 ? 2 : 1; }
  double sample_rate() const;

  void check_configuration();
  void start();
  void stop();
  void load();
  void word_sent();
  void schedule();
  void show_clocks();
  void take(std::uint16_t word);
  void check_started();
  void misuse(const std::string &text, std::uint32_t offset, Severity severity = Severity::error);

  Board &board_;
  Spi &unit_;
  const std::string name_;
  Signal &ck_, &ws_, &sd_, &mck_;
  std::unique_ptr<ClockOutput> bit_clock_, master_clock_;  // while the unit is on: the pins are SPI's too
  Event sent_, check_;
  std::uint32_t started_by_ = 0;  // the instruction that set I2SE
  bool busy_ = false;
  int channel_ = 0, part_ = 0;  // of the word that comes next: 0 is left
  Time origin_ = 0, stopped_at_ = never;
  std::uint64_t bits_ = 0;      // since the origin, with the running word
  std::uint16_t upper_ = 0;     // half of a sample of 24 or 32 bits
  std::array<std::vector<std::int32_t>, 2> samples_;
  std::uint64_t frames_ = 0, gaps_ = 0;
  double reported_rate_ = 0;
};

}  // namespace board
