#include "polling.hpp"

#include <algorithm>
#include <cstring>

#include "cpu.hpp"

namespace board {
namespace {

constexpr std::uint64_t longest_interval = 4096;  // blocks between probes when nothing is found

}  // namespace

void Polling::restart() {
  watching_ = false;
  head_ = 0;
  countdown_ = interval_ = 4;
}

void Polling::take(State &state) const {
  for (std::size_t i = 0; i < core_registers.size(); ++i) state[i] = cpu_.get(core_registers[i]);
}

void Polling::probe(std::uint32_t address) {
  interval_ = std::min(interval_ * 4, longest_interval);
  countdown_ = interval_;
  watching_ = true;
  head_ = address;
  impure_ = loads_ = false;
  lowest_store_ = UINT32_MAX, highest_store_ = 0;
  stable_ = never;
  registers_read_.clear();
  begun_ = cpu_.cycles;
  take(state_);
  for (int i = 0; i < 16; ++i) uc_reg_read(cpu_.uc_, UC_ARM_REG_D0 + i, &floats_[i]);
  floats_[16] = cpu_.get(UC_ARM_REG_FPSCR);
  const std::uint32_t sp = state_[13];
  if (const std::uint8_t *bytes = cpu_.memory(sp, window)) std::memcpy(stack_.data(), bytes, window);
}

bool Polling::same_floats() {
  for (int i = 0; i < 16; ++i) {
    std::uint64_t value = 0;
    uc_reg_read(cpu_.uc_, UC_ARM_REG_D0 + i, &value);
    if (value != floats_[i]) return false;
  }
  return floats_[16] == cpu_.get(UC_ARM_REG_FPSCR);
}

bool Polling::compare(std::uint32_t) {
  const auto give_up = [this] { return watching_ = false; };
  if (impure_) return give_up();
  // r3 and r0 change in nearly every loop that computes: look at them before the rest.
  if (cpu_.get(UC_ARM_REG_R3) != state_[3] || cpu_.get(UC_ARM_REG_R0) != state_[0]) return give_up();
  State now;
  take(now);
  if (now != state_ || !same_floats()) return give_up();
  if (highest_store_ != 0) {
    // Stores below the stack pointer of the loop's head are dead when it comes back; those just above are compared.
    constexpr std::uint32_t depth = 512;
    const std::uint32_t sp = now[13];
    const std::uint32_t floor = std::max(sp - depth, cpu_.stack.in_use().low);
    if (lowest_store_ < floor || highest_store_ >= sp + window) return give_up();
    const std::uint8_t *bytes = cpu_.memory(sp, window);
    if (!bytes) bytes = highest_store_ < sp ? stack_.data() : nullptr;
    if (!bytes || std::memcmp(bytes, stack_.data(), window) != 0) return give_up();
  }
  period_ = cpu_.cycles - begun_;
  return period_ != 0;
}

void Polling::on_register_read(std::uint32_t address, Time stable) {
  stable_ = std::min(stable_, stable);
  if (watching_ && registers_read_.size() < 8 &&
      std::find(registers_read_.begin(), registers_read_.end(), address) == registers_read_.end())
    registers_read_.push_back(address);
}

}  // namespace board
