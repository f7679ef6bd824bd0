#include "peripheral.hpp"

#include <algorithm>

namespace board {

Peripheral::Peripheral(Board &b, const PeripheralInfo &info) : board(b), info_(info) {
  std::uint32_t size = 0;
  for (const RegisterInfo &reg : info.registers) size = std::max(size, reg.offset + 4);
  values_.resize(size / 4);
  for (const RegisterInfo &reg : info.registers) values_[reg.offset / 4] = reg.reset;
  clocked_ = info.enable_register[0] == '\0';
}

void Peripheral::reset() {
  for (const RegisterInfo &reg : info_.registers) values_[reg.offset / 4] = reg.reset;
}

void Peripheral::set_clocked(bool on) {
  if (on == clocked_) return;
  clocked_ = on;
  gate_changed(on);
}

void Peripheral::set_held_in_reset(bool held) {
  if (held && !held_) reset();
  held_ = held;
}

void Peripheral::store(std::uint32_t offset, std::uint32_t data) {
  const RegisterInfo *reg = info_.at(offset);
  if (reg) values_[offset / 4] = (values_[offset / 4] & ~reg->writable) | (data & reg->writable);
}

std::uint32_t Peripheral::bus_clock() const {
  return info_.bus == Bus::APB1 ? board.clocks.pclk1 : info_.bus == Bus::APB2 ? board.clocks.pclk2 : board.clocks.hclk;
}

void Peripheral::finding(const std::string &kind, const std::string &text, std::uint32_t offset, Severity severity) {
  Finding finding;
  finding.kind = kind, finding.text = text, finding.severity = severity;
  finding.peripheral = info_.name;
  if (const RegisterInfo *reg = offset == UINT32_MAX ? nullptr : info_.at(offset)) {
    finding.register_name = reg->name;
    finding.address = info_.base + offset;
  }
  board.findings.add(std::move(finding));
}

void Peripheral::unsupported(const std::string &what) { board.unsupported(name() + ": " + what); }

}  // namespace board
