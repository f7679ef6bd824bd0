// The device's tables: peripherals, registers, fields and interrupts (registers.inc), alternate functions (pins.inc).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace board {

enum class Bus : std::uint8_t { AHB1, AHB2, AHB3, APB1, APB2, CORE };

struct FieldInfo {
  const char *name;
  std::uint8_t lsb, width;
  std::uint32_t mask() const { return (width >= 32 ? ~0u : (1u << width) - 1) << lsb; }
};

struct RegisterInfo {
  const char *name;
  std::uint32_t offset;
  std::uint8_t width;  // bits
  std::uint32_t reset, readable, writable;
  std::vector<FieldInfo> fields;
};

struct InterruptInfo {
  const char *name;
  int number;
};

struct PeripheralInfo {
  const char *name;   // "USART2"
  const char *group;  // "USART"
  std::uint32_t base, size;
  Bus bus;
  const char *enable_register;  // in RCC, "" if the clock is always on
  std::uint8_t enable_bit;
  const char *reset_register;  // in RCC, "" if there is no reset bit
  std::uint8_t reset_bit;
  std::vector<RegisterInfo> registers;  // by offset
  std::vector<InterruptInfo> interrupts;

  /// An area of memory: no registers, every word answers.
  bool is_memory() const { return registers.empty(); }
  /// The register at a word offset, or nullptr where the manual has none.
  const RegisterInfo *at(std::uint32_t offset) const;
  const RegisterInfo *find(std::string_view name) const;
};

/// One line of the datasheet's alternate function table: PA2, 7, "USART2_TX".
struct AlternateInfo {
  char port;
  std::uint8_t pin, function;
  const char *signal;
};

const std::vector<PeripheralInfo> &peripheral_table();
const PeripheralInfo *find_peripheral(std::string_view name);
const std::vector<AlternateInfo> &alternate_table();
/// "USART2" for 38, "SysTick" for -1 …; "IRQ90" where the device has none.
std::string interrupt_name(int irq);

}  // namespace board
