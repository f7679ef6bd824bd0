// CAN1 and CAN2 (RM0090 chapter 32): modes, mailboxes, FIFOs, filters and errors, frame by frame on the bus.
#pragma once

#include <array>
#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "../peripheral.hpp"
#include "can_frame.hpp"

namespace board {

/// The filter that lets a frame in: its FIFO, and its number as RDTxR.FMI gives it.
struct CanMatch {
  int fifo = 0;
  std::uint8_t number = 0;
};
/// Looks a frame up in the banks of CAN1 that belong to CAN1 or to CAN2 (32.7.4).
std::optional<CanMatch> match_filters(Peripheral &can1, bool second, const CanFrame &frame);
/// Is any bank of that controller active?
bool any_filter(Peripheral &can1, bool second);

class Can : public Peripheral {
 public:
  Can(Board &board, const PeripheralInfo &info);

  std::uint32_t read(std::uint32_t offset) override;
  void write(std::uint32_t offset, std::uint32_t data) override;
  void reset() override;
  void gate_changed(bool on) override;
  void report(nlohmann::json &report) override;

 private:
  enum Offset : std::uint32_t { MCR = 0x00, MSR = 0x04, TSR = 0x08, RF0R = 0x0C, RF1R = 0x10, IER = 0x14, ESR = 0x18, BTR = 0x1C,
                                TI0R = 0x180, RI0R = 0x1B0, RI1R = 0x1C0, FMR = 0x200, FM1R = 0x204, FS1R = 0x20C, FFA1R = 0x214,
                                FA1R = 0x21C, F0R1 = 0x240 };
  enum class Mode : std::uint8_t { sleep, initialisation, normal };
  enum Error : std::uint32_t { stuff = 1, form = 2, acknowledge = 3, bit_recessive = 4, bit_dominant = 5, crc = 6 };
  struct Mailbox {
    bool pending = false, abort = false;
    std::uint64_t order = 0;       // of its request
    std::uint32_t requested = 0;   // the instruction
  };
  struct Received {
    CanFrame frame;
    std::uint8_t filter;
    std::uint16_t stamp;
  };

  Mode mode() const;
  bool loop_back() const { return value(BTR) >> 30 & 1; }
  bool silent() const { return value(BTR) >> 31 & 1; }
  bool off_the_bus() const { return value(ESR) >> 2 & 1; }
  std::uint64_t quanta() const;
  std::uint32_t bit_rate() const;
  Time bit_times(std::uint64_t count) const;
  std::uint16_t time_stamp(Time at) const;
  std::uint32_t pending_mailboxes() const;

  // Registers (can.cpp).
  void write_control(std::uint32_t data);
  void write_transmit_status(std::uint32_t data);
  void write_mailbox(std::uint32_t offset, std::uint32_t data);
  void write_fifo(int fifo, std::uint32_t data);
  void write_filter(std::uint32_t offset, std::uint32_t data);
  void write_timing(std::uint32_t data);
  void change_mode();
  void mode_reached();
  bool bus_is_idle();
  void refresh();
  void show_transmit_status();
  void show_fifo(int fifo);
  void misuse(const std::string &text, std::uint32_t offset) { finding("can_misuse", text, offset); }

  // The bus (can_bus.cpp).
  int best_mailbox() const;
  CanFrame frame_in(int mailbox) const;
  bool ready() const;
  void try_to_send();
  void begin(int mailbox);
  void lose_arbitration(int mailbox);
  void frame_ends();
  void finish_mailbox(int mailbox, std::uint32_t flags);
  std::optional<Error> send_on_bus(const CanFrame &frame);
  void bus_free(Time at);
  bool hears(const Can &sender) const;
  Can *neighbour() const;
  bool same_rate(std::uint32_t rate, const std::string &who);
  void receive(const CanFrame &frame);
  void store_received(const CanFrame &frame, const CanMatch &match);
  void error(Error code, unsigned transmit, unsigned receive);
  void count_errors(unsigned transmit, unsigned receive);
  void recover();
  void wake_by_bus();
  void read_script();
  void script_step();

  Signal &rx_, &tx_;
  const bool second_;
  const int tx_irq_, rx_irq_[2], error_irq_;
  Event mode_, frame_, start_, recover_, script_;
  std::array<Mailbox, 3> mailboxes_{};
  std::array<std::deque<Received>, 2> fifos_;
  std::uint64_t orders_ = 0;
  int sending_ = -1;  // the mailbox whose frame is on the bus
  unsigned transmit_errors_ = 0, receive_errors_ = 0;
  Time idle_at_ = 0, counted_from_ = 0;
  bool clock_told_ = false, filters_told_ = false, rate_told_ = false;
  std::uint32_t timed_by_ = 0;  // the instruction that wrote BTR

  // The other node that the plan puts on the bus.
  bool node_ = false, node_acknowledges_ = false, arriving_ = false, script_read_ = false;
  std::uint32_t node_rate_ = 0;
  std::deque<std::pair<Time, CanFrame>> script_frames_;
  nlohmann::json sent_ = nlohmann::json::array(), received_ = nlohmann::json::array();
  std::uint64_t failed_ = 0;
};

}  // namespace board
