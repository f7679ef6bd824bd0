// The board: owns the parts, routes accesses, runs the firmware.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "clocks.hpp"
#include "dma_request.hpp"
#include "findings.hpp"
#include "pins.hpp"
#include "tables.hpp"
#include "time.hpp"

namespace board {

class Cpu;
class Peripheral;
class SystemControl;
class Image;

enum class Master : std::uint8_t { cpu, dma1, dma2 };

/// The answer to an access by DMA. `ok` false: bus error (nothing is there, or the master has no path to it).
struct BusResult {
  bool ok;
  std::uint32_t value;
};

/// Why the run ended.
enum class Ending : std::uint8_t { running, time, fault, lockup, storm, resets, unsupported, instructions };

class Board {
 public:
  Board(const nlohmann::json &plan, const std::string &folder);
  ~Board();

  // Services for peripherals.

  /// The virtual time of the instruction that is being executed, or of the event that is being run.
  Time now() const;
  EventQueue events;
  Clocks clocks;
  DmaRequests dma_requests;
  Findings findings{*this};
  Pins pins{*this};

  /// An interrupt line to the NVIC (IRQ number of the vector table). A level: keep it high while flag && enable bit; the
  /// NVIC pends on it and pends again when the handler returns with the line still high.
  /// Units that share a vector (TIM6 and DAC, the ADCs) name themselves as the source: the NVIC sees the OR of all sources.
  void interrupt_line(int irq, bool level, const void *source = nullptr);
  /// The present instruction, to be kept and named later with `findings.add_at`.
  std::uint32_t pc() const;
  /// The number of a peripheral's interrupt by the name in registers.inc ("TIM1_UP_TIM10"): -1 if there is none.
  static int irq(const std::string &name);

  /// An access by a bus master other than the core; size 1, 2 or 4. CCM answers not ok (RM0090 2.1).
  BusResult bus_read(Master master, std::uint32_t address, int size);
  bool bus_write(Master master, std::uint32_t address, int size, std::uint32_t value);

  /// Resets the system; causes: "iwdg", "wwdg", "software", "pin", "low_power", "standby" (its end), "power_on". Happens at the end of the step.
  void request_reset(const std::string &cause);
  /// Ends the run: "CAN1: …" (see Peripheral::unsupported).
  void unsupported(const std::string &what);

  /// The plan's part of that name: null if absent. plan("spi").
  const nlohmann::json &plan(const std::string &key) const;
  /// A peripheral's model by name, for units that share state (ADC1 and the common block); nullptr if it has none.
  Peripheral *peripheral(const std::string &name);
  template <class Model>
  Model *find(const std::string &name) {
    return dynamic_cast<Model *>(peripheral(name));
  }
  /// Is the core asleep with SLEEPDEEP set (stop mode)? Peripheral clocks stand still then.
  bool stopped() const;

  // For RCC: set new rates; everybody is told before and after.
  void change_clocks(const Clocks &clocks);
  // For RCC: gates and resets of a peripheral by the register and bit of the table.
  void rcc_enable_written(const std::string &register_name, std::uint32_t value);
  void rcc_reset_written(const std::string &register_name, std::uint32_t value);

  // For main.
  nlohmann::json run();

  // The parts of the core (core/*.cpp only; no peripheral needs them).
  struct Core;
  Core &core() { return *core_; }

 private:
  std::unique_ptr<Core> core_;
};

}  // namespace board
