// SysTick (Armv7-M B3.3) and the DWT's cycle counter (C1.8).
#include "board.hpp"
#include "core.hpp"
#include "system_control.hpp"

namespace board {
namespace {
constexpr std::uint32_t enable = 1, tickint = 2, clksource = 4, countflag = 1 << 16;
}

std::uint32_t SystemControl::current_value() const {
  if ((control_ & enable) == 0) return idle_value_;
  const std::uint64_t now = cpu_.cycles_now();
  if (zero_at_ <= now) return 0;
  const std::uint64_t left = (zero_at_ - now + divider() - 1) / divider();
  return left > load_ ? 0 : static_cast<std::uint32_t>(left);
}

void SystemControl::begin_count(std::uint32_t from) {
  // From zero the first clock only loads LOAD.
  zero_at_ = cpu_.cycles_now() + (from != 0 ? from : std::uint64_t{load_} + 1) * divider();
  schedule();
}

void SystemControl::schedule() {
  if ((control_ & enable) == 0 || load_ == 0 || stands_still_) return tick_.cancel();
  tick_.at(board_.core().time_at(zero_at_));
}

void SystemControl::freeze() {
  frozen_ = current_value();
  stands_still_ = true;
  tick_.cancel();
}

void SystemControl::thaw() {
  stands_still_ = false;
  if ((control_ & enable) != 0) begin_count(frozen_);
}

void SystemControl::reached_zero() {
  count_flag_ = true;
  zero_at_ += (std::uint64_t{load_} + 1) * divider();
  if ((control_ & tickint) != 0) {
    nvic_.set_pending(exception::sys_tick, true);
    attention();
  }
  schedule();
}

void SystemControl::store_systick(std::uint32_t offset, std::uint32_t value) {
  if (offset == 0x14) {
    load_ = value & 0xFFFFFF;  // takes effect at the next reload
    if (!tick_.scheduled() && (control_ & enable) != 0 && load_ != 0) begin_count(0);
    return;
  }
  if (offset == 0x18) {  // any write clears the counter and COUNTFLAG
    count_flag_ = false;
    idle_value_ = 0;
    if ((control_ & enable) != 0) begin_count(0);
    return;
  }
  const std::uint32_t value_now = current_value(), old = control_;
  control_ = value & (enable | tickint | clksource);
  if ((control_ & enable) == 0) {
    idle_value_ = value_now;
    return tick_.cancel();
  }
  if ((old & enable) == 0 || ((old ^ control_) & clksource) != 0) begin_count(value_now);
}

std::uint32_t SystemControl::cyccnt() const {
  const bool counts = (demcr_ & (1u << 24)) != 0 && (dwt_control_ & 1) != 0;
  return counts ? static_cast<std::uint32_t>(cpu_.cycles_now() - board_.core().slept_cycles - cyccnt_base_) : cyccnt_held_;
}

Time SystemControl::stable_until(std::uint32_t address) const {
  if (address == 0xE0001004) return (demcr_ & (1u << 24)) != 0 && (dwt_control_ & 1) != 0 ? board_.now() : never;
  // Reading CTRL clears COUNTFLAG; VAL counts.
  if (address == 0xE000E010) return count_flag_ ? board_.now() : never;
  if (address == 0xE000E018) return (control_ & enable) != 0 ? board_.now() : never;
  return never;
}

bool SystemControl::load(std::uint32_t address, std::uint32_t &value) {
  if (address >= 0xE000E000 && address < 0xE000F000) return load_scs(address - 0xE000E000, value);
  value = 0;
  if (address == 0xE0001000) value = 0x40000000 | dwt_control_;  // four comparators
  if (address == 0xE0001004) value = cyccnt();
  // ITM, FPB, TPIU, ETM, ROM table: no debugger is attached; they read as zero. ITM ports are always ready.
  if (address < 0xE0000080) value = 1;
  return true;
}

bool SystemControl::store(std::uint32_t address, std::uint32_t value, std::uint32_t mask) {
  if (address >= 0xE000E000 && address < 0xE000F000) return store_scs(address - 0xE000E000, value, mask);
  if (address == 0xE0001000) {
    const std::uint32_t held = cyccnt();
    dwt_control_ = value & 1;
    cyccnt_held_ = held;
    cyccnt_base_ = cpu_.cycles_now() - board_.core().slept_cycles - held;
  }
  if (address == 0xE0001004) {
    cyccnt_held_ = value;
    cyccnt_base_ = cpu_.cycles_now() - board_.core().slept_cycles - value;
  }
  return true;
}

}  // namespace board
