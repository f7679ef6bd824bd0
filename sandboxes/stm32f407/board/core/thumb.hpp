// What the files of the core's class share: the memory map and a look at Thumb instructions.
#pragma once

#include <cstdint>

namespace board {

inline constexpr std::uint32_t flash_base = 0x08000000, flash_size = 1 << 20;  // RM0090 2.3
inline constexpr std::uint32_t sram_base = 0x20000000, sram_size = 128 << 10;
inline constexpr std::uint32_t ccm_base = 0x10000000, ccm_size = 64 << 10;
inline constexpr std::uint32_t system_base = 0x1FFF0000, system_size = 0x8000;  // boot loader, OTP, identification
inline constexpr std::uint32_t boot_loader = system_base + 0x100;  // where it begins is ST's own affair
inline constexpr std::uint32_t option_base = 0x1FFFC000, option_size = 0x400;
inline constexpr std::uint32_t clrex_address = 0xDFFFF000, clrex_size = 0x1000;  // the board's own, where the chip has nothing
inline constexpr std::uint32_t memory_end = 0x40000000;  // code and SRAM regions; above are peripherals

inline bool is_external(std::uint32_t address) { return address >= 0x60000000 && address < 0xA0000000; }  // RAM behind the FSMC

inline bool is_wide(std::uint16_t half) { return half >> 11 >= 0x1D; }

inline std::uint16_t half_at(const std::uint8_t *bytes) { return static_cast<std::uint16_t>(bytes[0] | bytes[1] << 8); }

/// Instructions whose accesses must be aligned whatever CCR says (Armv7-M A3.2.1): multiple, double, exclusive, FPU.
inline bool must_be_aligned(std::uint16_t first) {
  if (!is_wide(first)) return (first & 0xF000) == 0xC000 || (first & 0xF600) == 0xB400;
  return (first & 0xFE00) == 0xE800 || (first & 0xFE00) == 0xEC00;
}

inline bool is_load_exclusive(std::uint16_t first, std::uint16_t second) {
  const bool narrow = (first & 0xFFF0) == 0xE8D0 && (second & 0xC0) == 0x40;  // LDREXB, LDREXH
  return narrow || (first & 0xFFF0) == 0xE850;
}

/// Coprocessor space with coprocessor 10 or 11: the FPU's instructions.
inline bool is_fpu(const std::uint8_t *bytes) {
  const std::uint16_t first = half_at(bytes);
  return is_wide(first) && (first & 0xEC00) == 0xEC00 && (half_at(bytes + 2) & 0x0E00) == 0x0A00;
}

/// Sets SP to something else, as software does that has more stacks than one: MOV SP, Rm; LDR SP; MSR MSP or PSP.
inline bool sets_stack_pointer(std::uint16_t first, std::uint16_t second) {
  if (!is_wide(first)) return (first & 0xFF87) == 0x4685;
  const bool load = (first & 0xFF70) == 0xF850 && second >> 12 == 13;
  return load || ((first & 0xFFF0) == 0xF380 && ((second & 0xFFFE) == 0x8808));
}

}  // namespace board
