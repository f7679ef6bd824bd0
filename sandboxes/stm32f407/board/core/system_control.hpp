// The private peripheral bus: NVIC, SCB, SysTick, FPU and MPU control, DWT, CoreDebug (Armv7-M B3, C1).
#pragma once

#include <cstdint>
#include <string>

#include "cpu.hpp"
#include "exceptions.hpp"
#include "mpu.hpp"
#include "nvic.hpp"
#include "time.hpp"

namespace board {

class Board;

class SystemControl {
 public:
  SystemControl(Board &board, Cpu &cpu, Nvic &nvic, Exceptions &exceptions);

  void reset();
  /// `address` is a word's. False: nothing is there.
  bool load(std::uint32_t address, std::uint32_t &value);
  bool store(std::uint32_t address, std::uint32_t value, std::uint32_t mask);
  Time stable_until(std::uint32_t address) const;
  /// "SysTick.CTRL", "NVIC.ISER1", "SCB.ICSR" …; "" where nothing is known.
  static std::string register_name(std::uint32_t address);

  void clock_changed() { schedule(); }
  /// Stop mode: SysTick stands still.
  void freeze();
  void thaw();
  bool sleep_on_exit() const { return (scr_ & 2) != 0; }
  bool tick_interrupts() const { return (control_ & 3) == 3; }
  bool sleep_deep() const { return (scr_ & 4) != 0; }

 private:
  bool load_scs(std::uint32_t offset, std::uint32_t &value);
  bool store_scs(std::uint32_t offset, std::uint32_t value, std::uint32_t mask);
  bool load_nvic(std::uint32_t offset, std::uint32_t &value);
  bool store_nvic(std::uint32_t offset, std::uint32_t value, std::uint32_t mask);
  bool store_scb(std::uint32_t offset, std::uint32_t value, std::uint32_t mask);
  void store_icsr(std::uint32_t value);
  void store_aircr(std::uint32_t value);
  void store_systick(std::uint32_t offset, std::uint32_t value);
  std::uint32_t icsr() const;
  std::uint32_t shcsr() const;
  std::uint32_t priorities(int first) const;
  void set_priorities(int first, std::uint32_t value, std::uint32_t mask);
  void attention() { cpu_.interrupt_soon(); }

  // SysTick (B3.3): counts down from LOAD through 0, LOAD + 1 clocks a period.
  std::uint64_t divider() const { return (control_ & 4) != 0 ? 1 : 8; }
  std::uint32_t current_value() const;
  void begin_count(std::uint32_t from);
  void schedule();
  void reached_zero();

  Board &board_;
  Cpu &cpu_;
  Nvic &nvic_;
  Exceptions &exceptions_;
  std::uint32_t control_ = 0, load_ = 0, idle_value_ = 0;
  std::uint64_t zero_at_ = 0;  // in cycles
  bool count_flag_ = false;
  std::uint32_t frozen_ = 0;
  bool stands_still_ = false;
  Event tick_;
  std::uint32_t scr_ = 0, ccr_ = 0x200, cpacr_ = 0, demcr_ = 0, dwt_control_ = 0, fpccr_ = 0xC0000000, fpcar_ = 0, fpdscr_ = 0;
  Mpu mpu_{board_};
  std::uint64_t cyccnt_base_ = 0;
  std::uint32_t cyccnt_held_ = 0;
  std::uint32_t cyccnt() const;
};

}  // namespace board
