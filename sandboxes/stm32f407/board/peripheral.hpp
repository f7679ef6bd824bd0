// What a peripheral's model is written against: one class to derive from and the services of the board.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/board.hpp"
#include "core/clocks.hpp"
#include "core/dma_request.hpp"
#include "core/findings.hpp"
#include "core/pins.hpp"
#include "core/tables.hpp"
#include "core/time.hpp"

namespace board {

/// Base of every model. The board looks up the register, checks the clock gate, splits and merges narrow accesses (APB:
/// a byte or half-word write is duplicated over the word, RM0090 2.3.1; AHB: lanes are merged), counts accesses, reports
/// writes that cannot have an effect, and then calls `read` or `write` with the word offset of an existing register.
class Peripheral {
 public:
  Peripheral(Board &board, const PeripheralInfo &info);
  virtual ~Peripheral() = default;
  Peripheral(const Peripheral &) = delete;
  Peripheral &operator=(const Peripheral &) = delete;

  /// The value that a read gives, with its side effects on the unit. The default is the stored value.
  virtual std::uint32_t read(std::uint32_t offset) { return value(offset); }

  /// A write of the whole register. `data` is unmasked. The default stores its writable bits: `store(offset, data)`.
  virtual void write(std::uint32_t offset, std::uint32_t data) { store(offset, data); }

  /// The register that answers at an offset, for units with one register at several.
  virtual std::uint32_t alias(std::uint32_t offset) const { return offset; }

  /// Until when a read of this register gives the same value and has no side effect, unless an event or a write comes
  /// first: this is how the board skips polling loops. `never`: a plain register (the default). `board.now()`: the
  /// register counts or the read has an effect (a counter may answer with the time of its next step).
  virtual Time stable_until(std::uint32_t offset) { (void)offset; return never; }

  /// Back to the state after reset: RCC's reset bit or a system reset. Call the base, which restores reset values; then
  /// cancel events, lower interrupts and requests, release signals.
  virtual void reset();

  /// `board.clocks` is about to change / has just changed: settle what has been counted at the old rate / reschedule.
  virtual void clock_will_change() {}
  virtual void clock_changed() {}
  /// The gate in RCC was opened or closed (a unit without clock neither counts nor answers).
  virtual void gate_changed(bool on) { (void)on; }
  /// A look at a register for the report, without side effects.
  virtual std::uint32_t peek(std::uint32_t offset) { return value(offset); }
  /// Adds this peripheral's part of the report (received bytes, protocol transcripts); at the end of the run.
  virtual void report(nlohmann::json &report) { (void)report; }

  const PeripheralInfo &info() const { return info_; }
  std::string name() const { return info_.name; }
  /// True while RCC gives it a clock (always true for units without a gate).
  bool clocked() const { return clocked_; }

  // Used by the board itself.
  void set_clocked(bool on);
  void set_held_in_reset(bool held);
  bool held_in_reset() const { return held_; }
  std::uint64_t reads = 0, writes = 0;
  std::uint32_t first_write = 0;  // the instruction

 protected:
  /// A register's stored value by word offset.
  std::uint32_t value(std::uint32_t offset) const { return values_[offset / 4]; }
  /// Sets it without looking at masks (hardware changes a status bit).
  void set(std::uint32_t offset, std::uint32_t data) { values_[offset / 4] = data; }
  void set_bits(std::uint32_t offset, std::uint32_t bits) { values_[offset / 4] |= bits; }
  void clear_bits(std::uint32_t offset, std::uint32_t bits) { values_[offset / 4] &= ~bits; }
  /// Stores the bits that software may write, by the table of registers.
  void store(std::uint32_t offset, std::uint32_t data);
  /// PCLK1, PCLK2 or HCLK: the clock of the bus that the unit hangs on, in Hz.
  std::uint32_t bus_clock() const;

  /// A finding against the running instruction, with this peripheral and the register's name and address filled in.
  void finding(const std::string &kind, const std::string &text, std::uint32_t offset = UINT32_MAX,
               Severity severity = Severity::error);
  /// This unit's level on an interrupt line (other units may share the vector).
  void interrupt(int irq, bool level) { board.interrupt_line(irq, level, this); }
  /// Ends the run as unsupported: the firmware uses something this model leaves out. `what`: "CR1.LBCL (synchronous mode)".
  void unsupported(const std::string &what);

  Board &board;

 private:
  const PeripheralInfo &info_;
  std::vector<std::uint32_t> values_;
  bool clocked_ = true, held_ = false;
};

using MakePeripheral = std::unique_ptr<Peripheral> (*)(Board &, const PeripheralInfo &);

template <class Model>
std::unique_ptr<Peripheral> make(Board &board, const PeripheralInfo &info) {
  return std::make_unique<Model>(board, info);
}

}  // namespace board
