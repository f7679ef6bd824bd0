#include "tables.hpp"

#include <algorithm>
#include <unordered_map>

namespace board {
namespace {

// The rows of registers.inc as plain data; a row's meaning depends on its kind, its owner is the last row of higher kind.
struct Row {
  char kind;
  const char *name, *group;
  Bus bus;
  const char *enable_register, *reset_register;
  std::uint32_t a, b, c, d, e;
};

#define P(name, group, base, size, bus, gate, gate_bit, reset, reset_bit) \
  {'P', #name, group, Bus::bus, gate, reset, base, size, gate_bit, reset_bit, 0},
#define I(name, number) {'I', #name, "", Bus::CORE, "", "", number, 0, 0, 0, 0},
#define R(name, offset, width, reset, readable, writable) \
  {'R', #name, "", Bus::CORE, "", "", offset, width, reset, readable, writable},
#define F(name, lsb, width) {'F', #name, "", Bus::CORE, "", "", lsb, width, 0, 0, 0},
constexpr Row rows[] = {
#include "../registers.inc"
};
#undef P
#undef I
#undef R
#undef F

#define A(port, pin, function, signal) {#port[0], pin, function, signal},
constexpr AlternateInfo alternates[] = {
#include "../pins.inc"
};
#undef A

std::vector<PeripheralInfo> load() {
  std::vector<PeripheralInfo> peripherals;
  for (const Row &row : rows) {
    switch (row.kind) {
      case 'P':
        peripherals.push_back({row.name, row.group, row.a, row.b, row.bus, row.enable_register,
                               static_cast<std::uint8_t>(row.c), row.reset_register, static_cast<std::uint8_t>(row.d), {}, {}});
        break;
      case 'I':
        peripherals.back().interrupts.push_back({row.name, static_cast<int>(row.a)});
        break;
      case 'R':
        peripherals.back().registers.push_back({row.name, row.a, static_cast<std::uint8_t>(row.b), row.c, row.d, row.e, {}});
        break;
      default:
        peripherals.back().registers.back().fields.push_back(
            {row.name, static_cast<std::uint8_t>(row.a), static_cast<std::uint8_t>(row.b)});
    }
  }
  for (auto &peripheral : peripherals)
    std::stable_sort(peripheral.registers.begin(), peripheral.registers.end(),
                     [](const RegisterInfo &a, const RegisterInfo &b) { return a.offset < b.offset; });
  return peripherals;
}

}  // namespace

const RegisterInfo *PeripheralInfo::at(std::uint32_t offset) const {
  const auto found = std::lower_bound(registers.begin(), registers.end(), offset,
                                      [](const RegisterInfo &info, std::uint32_t wanted) { return info.offset < wanted; });
  return found != registers.end() && found->offset == offset ? &*found : nullptr;
}

const RegisterInfo *PeripheralInfo::find(std::string_view wanted) const {
  for (const auto &info : registers)
    if (wanted == info.name) return &info;
  return nullptr;
}

const std::vector<PeripheralInfo> &peripheral_table() {
  static const std::vector<PeripheralInfo> table = load();
  return table;
}

const PeripheralInfo *find_peripheral(std::string_view name) {
  for (const auto &peripheral : peripheral_table())
    if (name == peripheral.name) return &peripheral;
  return nullptr;
}

const std::vector<AlternateInfo> &alternate_table() {
  static const std::vector<AlternateInfo> table(std::begin(alternates), std::end(alternates));
  return table;
}

std::string interrupt_name(int irq) {
  static const char *const system[] = {"NMI",    "HardFault", "MemManage", "BusFault", "UsageFault", "",       "",
                                       "",       "",          "SVCall",    "DebugMonitor", "",      "PendSV", "SysTick"};
  if (irq >= -14 && irq < 0) return system[irq + 14];
  for (const auto &peripheral : peripheral_table())
    for (const auto &interrupt : peripheral.interrupts)
      if (interrupt.number == irq) return interrupt.name;
  return "IRQ" + std::to_string(irq);
}

}  // namespace board
