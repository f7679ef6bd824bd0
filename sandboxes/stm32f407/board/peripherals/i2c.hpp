// I2C1, I2C2, I2C3 (RM0090 chapter 27) as masters, bit by bit on the pins.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "../peripheral.hpp"

namespace board {

/// A memory-like slave: the first bytes of a write set a pointer, further ones are stored, a read goes on from the pointer.
class I2cDevice {
 public:
  explicit I2cDevice(const nlohmann::json &plan);

  unsigned address() const { return address_; }
  /// Addressed after a START. False: it does not acknowledge (busy, or not there yet).
  bool start(bool read, Time now);
  /// A byte from the master; false: not acknowledged.
  bool received(std::uint8_t byte);
  std::uint8_t send();
  void stop(Time now);
  nlohmann::json report() const;

 private:
  unsigned address_ = 0;
  std::size_t pointer_bytes_ = 1, pointer_ = 0, seen_ = 0;
  Time busy_for_ = 0, busy_until_ = 0;
  bool stored_ = false;
  std::vector<std::uint8_t> memory_;
  std::uint64_t reads_ = 0, writes_ = 0;
};

/// The unit of the F4 (version 1): SB, ADDR and BTF hold the clock until software has done what the manual asks.
class I2c : public Peripheral {
 public:
  I2c(Board &board, const PeripheralInfo &info);

  std::uint32_t read(std::uint32_t offset) override;
  void write(std::uint32_t offset, std::uint32_t data) override;
  std::uint32_t peek(std::uint32_t offset) override { return value(offset); }
  Time stable_until(std::uint32_t offset) override;
  void reset() override;
  void gate_changed(bool on) override;
  void report(nlohmann::json &report) override;

 private:
  enum Offset : std::uint32_t { CR1 = 0x00, CR2 = 0x04, OAR1 = 0x08, DR = 0x10, SR1 = 0x14, SR2 = 0x18, CCR = 0x1C, TRISE = 0x20 };
  /// What the lines are doing. In the `held` states SCL is low until software acts.
  enum class State : std::uint8_t {
    idle, starting, start_held, address, address_held, sending, send_held, receiving, receive_held, refused, stopping
  };

  bool flag(std::uint32_t bit) const { return value(SR1) & bit; }
  Time bit_time() const;
  void write_control(std::uint32_t data);
  void check_timing(std::uint32_t offset, std::uint32_t data);
  void check_set_up();
  void check_last_byte(const char *condition);
  void check_all_read();
  void check_address_cleared();
  void write_data(std::uint32_t data);
  void refresh();
  void connect();
  void pull_up();
  void slave_line(bool level);

  void begin_start();
  void begin_stop();
  void stop_after_byte();
  void start_after_byte();
  void address_cleared();
  void shift(State state, std::uint8_t byte);
  void step();
  void byte_done();
  void sent(bool acknowledged);
  void got_byte();
  void next_after_byte();
  void finish_stop();
  bool acknowledge() const;

  Signal &scl_, &sda_;
  DmaRequest &rx_dma_, &tx_dma_;
  const int event_irq_, error_irq_;
  Event event_;
  std::vector<std::unique_ptr<I2cDevice>> devices_;
  bool connected_ = false;
  I2cDevice *slave_ = nullptr;
  State state_ = State::idle;
  std::uint8_t shift_ = 0, incoming_ = 0, data_ = 0, held_byte_ = 0;
  int edge_ = 0;                     // half bits of the present byte
  bool data_full_ = false;           // DR holds a byte to send
  bool held_full_ = false;           // a received byte waits in the shift register until DR is read
  bool status_read_ = false;         // SR1 was read with the flag set: the first half of a clearing sequence
  bool reading_ = false, acknowledged_ = false, pos_acknowledge_ = false, checked_ = false;
  std::uint32_t condition_at_ = 0;   // the instruction that asked for START or STOP
  std::uint32_t address_at_ = 0;     // the instruction that wrote the address
  Time address_since_ = 0;           // when ADDR was set
  std::uint64_t taken_ = 0;          // bytes of the present transfer that were read from DR
};

}  // namespace board
