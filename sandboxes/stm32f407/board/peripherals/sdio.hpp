// The SDIO (RM0090 chapter 31): host of an SD memory card. The command path is in sdio.cpp, the data path in sdio_data.cpp.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <vector>

#include "../peripheral.hpp"
#include "sd_card.hpp"

namespace board {

class Sdio : public Peripheral {
 public:
  Sdio(Board &board, const PeripheralInfo &info);

  std::uint32_t read(std::uint32_t offset) override;
  void write(std::uint32_t offset, std::uint32_t data) override;
  std::uint32_t alias(std::uint32_t offset) const override;
  std::uint32_t peek(std::uint32_t offset) override;
  Time stable_until(std::uint32_t offset) override { return offset == FIFO ? board.now() : never; }
  void reset() override;
  void clock_changed() override { clock_moved(); }
  void gate_changed(bool) override { clock_moved(); }
  void report(nlohmann::json &report) override;

 private:
  enum Offset : std::uint32_t {
    POWER = 0x00, CLKCR = 0x04, ARG = 0x08, CMD = 0x0C, RESPCMD = 0x10, RESP1 = 0x14, DTIMER = 0x24, DLEN = 0x28, DCTRL = 0x2C,
    DCOUNT = 0x30, STA = 0x34, ICR = 0x38, MASK = 0x3C, FIFOCNT = 0x48, FIFO = 0x80,
  };
  /// The states of the data path (31.3.1, figure "Data path state machine").
  enum class Path : std::uint8_t { idle, wait_receive, receive, drain, wait_send, send, busy };

  // Clock and pins.
  std::uint32_t card_clock() const;
  Time clocks(std::uint64_t count) const;
  void clock_moved();
  bool wired(bool data);
  /// `at`: the instruction that it is held against; 0: the present one.
  void misuse(std::uint32_t offset, const std::string &text, Severity severity = Severity::error, std::uint32_t at = 0);
  void refresh();

  // Commands.
  void write_command(std::uint32_t data);
  void check_kernel_clock();
  void check_clock(int index);
  void command_step();
  void command_sent();
  void command_answered();

  // Data.
  void write_data_control(std::uint32_t data);
  void start_data(std::uint32_t control);
  void check_data();
  void check_width();
  void stop_path(std::uint32_t flags);
  bool active() const { return path_ != Path::idle; }
  bool receiving() const { return path_ == Path::wait_receive || path_ == Path::receive || path_ == Path::drain; }
  bool sending() const { return path_ == Path::wait_send || path_ == Path::send || path_ == Path::busy; }
  bool flow_control() const { return value(CLKCR) >> 14 & 1; }
  int lines() const { return value(CLKCR) >> 11 & 1 ? 4 : 1; }
  std::uint32_t block_length() const { return 1u << (value(DCTRL) >> 4 & 15); }
  void wait_for_start();
  void card_starts();
  void data_step();
  void receive_word();
  void receive_end();
  void try_send();
  void send_word();
  void send_end();
  void no_longer_busy();
  void time_out();
  std::uint32_t fifo_flags() const;
  std::uint32_t take_word();
  void put_word(std::uint32_t word);
  void resume();

  std::unique_ptr<SdCard> card_;
  Signal &ck_, &cmd_;
  std::array<Signal *, 4> data_;
  DmaRequest &dma_;
  const int irq_;

  // Command path: the command that is being sent, then the answer that is awaited.
  Event command_event_;
  bool command_open_ = false, sent_ = false;
  std::uint32_t command_at_ = 0;  // the instruction that began it
  CardReply reply_;

  // Data path.
  Event card_event_, data_event_, timer_event_;
  Path path_ = Path::idle;
  std::deque<std::uint32_t> fifo_;
  std::vector<std::uint8_t> block_;
  std::size_t position_ = 0;
  bool spoilt_ = false;             // the present block cannot have the right checksum
  std::uint32_t control_at_ = 0;    // the instruction that started the data path
  bool width_told_ = false, full_told_ = false, has_asked_ = false;
};

}  // namespace board
