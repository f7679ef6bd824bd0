#include "board.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core.hpp"
#include "peripheral.hpp"

namespace board {

Board::Board(const nlohmann::json &plan, const std::string &folder) {
  core_ = std::make_unique<Core>(*this, plan, folder);
  core_->start();
}

Board::~Board() = default;

/// Hardware is exact: an event sees its own time, although it is run up to a basic block later.
Time Board::now() const {
  if (!core_) return 0;
  return events.running() != never ? events.running() : core_->time_at(core_->cpu.cycles_now());
}

std::uint32_t Board::pc() const { return core_->pc(); }

void Board::interrupt_line(int irq, bool level, const void *source) {
  if (irq < 0 || irq + exception::first_interrupt >= exception::count) return;
  auto &sources = core_->line_sources[irq];
  if (level) sources.insert(source);
  else sources.erase(source);
  core_->nvic.set_line(irq + exception::first_interrupt, !sources.empty());
  if (level) core_->cpu.interrupt_soon();
}

int Board::irq(const std::string &name) {
  for (const auto &peripheral : peripheral_table())
    for (const auto &interrupt : peripheral.interrupts)
      if (name == interrupt.name) return interrupt.number;
  return -1;
}

BusResult Board::bus_read(Master, std::uint32_t address, int size) { return core_->accesses.dma_load(address, size); }

bool Board::bus_write(Master, std::uint32_t address, int size, std::uint32_t value) {
  return core_->accesses.dma_store(address, size, value);
}

void Board::request_reset(const std::string &cause) {
  if (core_->reset_requested.empty()) core_->reset_requested = cause;
  core_->cpu.interrupt_soon();
}

void Board::unsupported(const std::string &what) {
  auto &list = core_->unsupported;
  if (list.size() < 20 && std::find(list.begin(), list.end(), what) == list.end()) list.push_back(what);
  core_->cpu.interrupt_soon();
}

const nlohmann::json &Board::plan(const std::string &key) const {
  static const nlohmann::json none;
  const auto found = core_->plan->find(key);
  return found == core_->plan->end() ? none : *found;
}

Peripheral *Board::peripheral(const std::string &name) {
  const auto found = core_->peripherals.find(name);
  return found == core_->peripherals.end() ? nullptr : found->second.get();
}

bool Board::stopped() const { return core_->sleeping && core_->deep; }

void Board::change_clocks(const Clocks &next) {
  for (auto &[name, peripheral] : core_->peripherals) peripheral->clock_will_change();
  const std::uint64_t cycles = core_->cpu.cycles_now();
  core_->epoch = core_->time_at(cycles);
  core_->epoch_cycles = cycles;
  clocks = next;
  core_->system.clock_changed();
  for (auto &[name, peripheral] : core_->peripherals) peripheral->clock_changed();
  core_->cpu.interrupt_soon();  // deadlines in cycles have moved
}

void Board::rcc_enable_written(const std::string &register_name, std::uint32_t value) {
  for (auto &[name, peripheral] : core_->peripherals) {
    const PeripheralInfo &info = peripheral->info();
    if (register_name == info.enable_register) peripheral->set_clocked((value >> info.enable_bit & 1) != 0);
  }
}

void Board::rcc_reset_written(const std::string &register_name, std::uint32_t value) {
  for (auto &[name, peripheral] : core_->peripherals) {
    const PeripheralInfo &info = peripheral->info();
    if (register_name == info.reset_register) peripheral->set_held_in_reset((value >> info.reset_bit & 1) != 0);
  }
}

nlohmann::json Board::run() {
  while (core_->ending == Ending::running) core_->step();
  return make_report(*this);
}

// ---- names ----

std::string hex(std::uint32_t value, int digits) {
  static const char symbols[] = "0123456789abcdef";
  std::string text;
  for (int i = 0; i < 8 && (i < digits || value != 0); ++i, value >>= 4) text.insert(text.begin(), symbols[value & 15]);
  return "0x" + text;
}

std::string register_at(std::uint32_t address) {
  for (const auto &peripheral : peripheral_table()) {
    if (address - peripheral.base >= peripheral.size) continue;
    const RegisterInfo *reg = peripheral.at((address - peripheral.base) & ~3u);
    if (reg) return std::string(peripheral.name) + "." + reg->name;
  }
  return SystemControl::register_name(address & ~3u);
}

}  // namespace board
