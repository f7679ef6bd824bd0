// NVIC and SCB registers (Armv7-M B3.2, B3.4).
#include "system_control.hpp"

#include "board.hpp"
#include "core.hpp"

namespace board {
using namespace exception;
namespace {

constexpr std::uint32_t aircr_key = 0x05FA0000, aircr_read_key = 0xFA050000;
constexpr std::uint32_t interrupt_words = 3;  // 82 interrupts

struct HandlerBit {
  int number, active_bit, pending_bit, enable_bit;  // in SHCSR; -1: has none
};
constexpr HandlerBit handler_bits[] = {{memory_management, 0, 13, 16}, {bus_fault, 1, 14, 17},       {usage_fault, 3, 12, 18},
                                       {exception::supervisor_call, 7, 15, -1}, {debug_monitor, 8, -1, -1},
                                       {pend_sv, 10, -1, -1},          {sys_tick, 11, -1, -1}};

}  // namespace

SystemControl::SystemControl(Board &board, Cpu &cpu, Nvic &nvic, Exceptions &exceptions)
    : board_(board), cpu_(cpu), nvic_(nvic), exceptions_(exceptions), tick_(board.events, [this] { reached_zero(); }) {}

void SystemControl::reset() {
  tick_.cancel();
  control_ = load_ = idle_value_ = 0;
  count_flag_ = stands_still_ = false;
  scr_ = cpacr_ = 0;
  ccr_ = 0x200;
  fpccr_ = 0xC0000000;
  fpcar_ = fpdscr_ = 0;
  mpu_.reset();
  cpu_.protect(nullptr);
  cpu_.fpu_enabled = cpu_.trap_unaligned = false;
  cpu_.trap_divisions(false);
  // DEMCR and DWT are reset by power-on only.
}

std::uint32_t SystemControl::priorities(int first) const {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i)
    if (first + i < count) value |= std::uint32_t{nvic_.priority_bits(first + i)} << (8 * i);
  return value;
}

void SystemControl::set_priorities(int first, std::uint32_t value, std::uint32_t mask) {
  for (int i = 0; i < 4; ++i)
    if (first + i < count && (mask >> (8 * i) & 0xFF) != 0)
      nvic_.set_priority_bits(first + i, static_cast<std::uint8_t>(value >> (8 * i)));
}

bool SystemControl::load_nvic(std::uint32_t offset, std::uint32_t &value) {
  if (offset >= 0x400) {
    value = offset < 0x454 ? priorities(first_interrupt + static_cast<int>(offset - 0x400)) : 0;
    return true;
  }
  const std::uint32_t word = (offset & 0x7F) / 4;
  if (word >= interrupt_words) return true;
  for (int bit = 0; bit < 32; ++bit) {
    const int number = first_interrupt + static_cast<int>(word) * 32 + bit;
    if (number >= count) break;
    const std::uint32_t bank = offset & ~0x7Fu;
    const bool on = bank <= 0x180 && bank >= 0x100 ? nvic_.enabled(number)
                    : bank == 0x200 || bank == 0x280 ? nvic_.pending(number)
                                                     : bank == 0x300 && nvic_.active(number);
    if (on) value |= 1u << bit;
  }
  return true;
}

bool SystemControl::store_nvic(std::uint32_t offset, std::uint32_t value, std::uint32_t mask) {
  attention();
  if (offset >= 0x400) {
    if (offset < 0x454) set_priorities(first_interrupt + static_cast<int>(offset - 0x400), value, mask);
    return true;
  }
  const std::uint32_t word = (offset & 0x7F) / 4, bank = offset & ~0x7Fu;
  for (int bit = 0; bit < 32; ++bit) {
    const int number = first_interrupt + static_cast<int>(word) * 32 + bit;
    if (number >= count) break;
    if ((value >> bit & 1) == 0) continue;
    switch (bank) {
      case 0x100: nvic_.enable(number, true); break;
      case 0x180: nvic_.enable(number, false); break;
      case 0x200: nvic_.set_pending(number, true); break;
      // A line that is still high pends again at once.
      case 0x280: nvic_.set_pending(number, nvic_.line(number) && !nvic_.active(number)); break;
      default: break;
    }
  }
  return true;
}

std::uint32_t SystemControl::icsr() const {
  const int current = exceptions_.current(), next = nvic_.best_pending();
  std::uint32_t value = static_cast<std::uint32_t>(current) | static_cast<std::uint32_t>(next) << 12;
  if (!nvic_.any_active_besides(current)) value |= 1 << 11;  // RETTOBASE
  for (int number = first_interrupt; number < count; ++number)
    if (nvic_.pending(number)) value |= 1 << 22;  // ISRPENDING
  if (nvic_.pending(sys_tick)) value |= 1 << 26;
  if (nvic_.pending(pend_sv)) value |= 1 << 28;
  if (nvic_.pending(nmi)) value |= 1u << 31;
  return value;
}

void SystemControl::store_icsr(std::uint32_t value) {
  if ((value & 1u << 31) != 0) nvic_.set_pending(nmi, true);
  if ((value & 1 << 28) != 0) nvic_.set_pending(pend_sv, true);
  if ((value & 1 << 27) != 0) nvic_.set_pending(pend_sv, false);
  if ((value & 1 << 26) != 0) nvic_.set_pending(sys_tick, true);
  if ((value & 1 << 25) != 0) nvic_.set_pending(sys_tick, false);
  attention();
}

std::uint32_t SystemControl::shcsr() const {
  std::uint32_t value = 0;
  for (const HandlerBit &bit : handler_bits) {
    if (nvic_.active(bit.number)) value |= 1u << bit.active_bit;
    if (bit.pending_bit >= 0 && nvic_.pending(bit.number)) value |= 1u << bit.pending_bit;
    if (bit.enable_bit >= 0 && nvic_.enabled(bit.number)) value |= 1u << bit.enable_bit;
  }
  return value;
}

void SystemControl::store_aircr(std::uint32_t value) {
  if ((value & 0xFFFF0000) != aircr_key) {
    Finding finding;
    finding.kind = "write_without_key";
    finding.text = "a write to SCB.AIRCR without 0x05FA in its upper half is ignored (Armv7-M B3.2.6)";
    finding.peripheral = "SCB", finding.register_name = "AIRCR", finding.address = 0xE000ED0C;
    return board_.findings.add(finding);
  }
  nvic_.set_grouping(value >> 8 & 7);
  if ((value & 4) != 0) board_.request_reset("software");
  attention();
}

bool SystemControl::load_scs(std::uint32_t offset, std::uint32_t &value) {
  value = 0;
  if (offset >= 0x100 && offset < 0x500) return load_nvic(offset, value);
  if (offset >= 0xD90 && offset < 0xDC0) return value = mpu_.load(offset), true;
  const FaultStatus &status = exceptions_.status;
  switch (offset) {
    case 0x004: value = 2; break;  // ICTR: 96 lines
    case 0x010:
      value = control_ | (count_flag_ ? 1 << 16 : 0);
      count_flag_ = false;
      break;
    case 0x014: value = load_; break;
    case 0x018: value = current_value(); break;
    case 0x01C: value = 0x4000493E; break;  // CALIB: 18750 at HCLK/8 = 150 MHz/8 (PM0214 4.5.4)
    case 0xD00: value = 0x410FC241; break;  // CPUID: Cortex-M4 r0p1
    case 0xD04: value = icsr(); break;
    case 0xD08: value = exceptions_.vector_table; break;
    case 0xD0C: value = aircr_read_key | nvic_.grouping() << 8; break;
    case 0xD10: value = scr_; break;
    case 0xD14: value = ccr_; break;
    case 0xD18: case 0xD1C: case 0xD20: value = priorities(static_cast<int>(offset - 0xD18) + 4); break;
    case 0xD24: value = shcsr(); break;
    case 0xD28: value = status.cfsr; break;
    case 0xD2C: value = status.hfsr; break;
    case 0xD34: value = status.mmfar; break;
    case 0xD38: value = status.bfar; break;
    case 0xD88: value = cpacr_; break;
    case 0xDFC: value = demcr_; break;
    case 0xF34: value = fpccr_; break;
    case 0xF38: value = fpcar_; break;
    case 0xF3C: value = fpdscr_; break;
    case 0xF40: value = 0x10110021; break;  // MVFR0, MVFR1: single precision
    case 0xF44: value = 0x11000011; break;
    default: break;
  }
  return true;
}

bool SystemControl::store_scs(std::uint32_t offset, std::uint32_t value, std::uint32_t mask) {
  if (offset >= 0x100 && offset < 0x500) return store_nvic(offset, value, mask);
  if (offset == 0xF00) {  // STIR
    const int number = first_interrupt + static_cast<int>(value & 0x1FF);
    if (number < count) nvic_.set_pending(number, true);
    attention();
    return true;
  }
  if (offset >= 0x010 && offset <= 0x018) return store_systick(offset, value), true;
  if (offset >= 0xD00 && offset < 0xD40) return store_scb(offset, value, mask);
  if (offset >= 0xD90 && offset < 0xDC0) return mpu_.store(offset, (mpu_.load(offset) & ~mask) | (value & mask)), true;
  switch (offset) {
    case 0xD88:
      cpacr_ = value & 0x00F00000;
      cpu_.fpu_enabled = cpacr_ == 0x00F00000;
      break;
    case 0xDFC: {
      const std::uint32_t held = cyccnt();
      demcr_ = value & 0x010F07F1;
      cyccnt_held_ = held;
      cyccnt_base_ = cpu_.cycles_now() - board_.core().slept_cycles - held;
      break;
    }
    case 0xF34:
      fpccr_ = value & 0xC0000000;
      exceptions_.automatic = (value & 1u << 31) != 0;
      break;
    case 0xF38: fpcar_ = value & ~7u; break;
    case 0xF3C: fpdscr_ = value & 0x07C00000; break;
    default: break;
  }
  return true;
}

bool SystemControl::store_scb(std::uint32_t offset, std::uint32_t value, std::uint32_t mask) {
  FaultStatus &status = exceptions_.status;
  switch (offset) {
    case 0xD04: store_icsr(value); break;
    case 0xD08: exceptions_.vector_table = value & 0x3FFFFE00; break;
    case 0xD0C: store_aircr(value); break;
    case 0xD10:
      scr_ = value & 0x16;
      nvic_.event_on_pend = (value & 0x10) != 0;
      break;
    case 0xD14:
      ccr_ = (ccr_ & ~mask) | (value & mask & 0x31B);
      cpu_.trap_unaligned = (ccr_ & 8) != 0;
      cpu_.trap_divisions((ccr_ & 0x10) != 0);
      attention();
      exceptions_.stack_align = (ccr_ & 0x200) != 0;
      break;
    case 0xD18: case 0xD1C: case 0xD20:
      set_priorities(static_cast<int>(offset - 0xD18) + 4, value, mask);
      attention();
      break;
    case 0xD24:
      for (const HandlerBit &bit : handler_bits)
        if (bit.enable_bit >= 0 && (mask >> bit.enable_bit & 1) != 0) nvic_.enable(bit.number, (value >> bit.enable_bit & 1) != 0);
      break;
    case 0xD28: status.cfsr &= ~(value & mask); break;  // write one to clear
    case 0xD2C: status.hfsr &= ~(value & mask); break;
    case 0xD34: status.mmfar = value; break;
    case 0xD38: status.bfar = value; break;
    default: break;
  }
  return true;
}

std::string SystemControl::register_name(std::uint32_t address) {
  struct Name {
    std::uint32_t offset;
    const char *name;
  };
  static constexpr Name names[] = {
      {0x010, "SysTick.CTRL"}, {0x014, "SysTick.LOAD"}, {0x018, "SysTick.VAL"}, {0x01C, "SysTick.CALIB"}, {0xD00, "SCB.CPUID"},
      {0xD04, "SCB.ICSR"},     {0xD08, "SCB.VTOR"},     {0xD0C, "SCB.AIRCR"},   {0xD10, "SCB.SCR"},       {0xD14, "SCB.CCR"},
      {0xD18, "SCB.SHPR1"},    {0xD1C, "SCB.SHPR2"},    {0xD20, "SCB.SHPR3"},   {0xD24, "SCB.SHCSR"},     {0xD28, "SCB.CFSR"},
      {0xD2C, "SCB.HFSR"},     {0xD34, "SCB.MMFAR"},    {0xD38, "SCB.BFAR"},    {0xD88, "SCB.CPACR"},     {0xD90, "MPU.TYPE"},
      {0xD94, "MPU.CTRL"},     {0xD98, "MPU.RNR"},      {0xD9C, "MPU.RBAR"},    {0xDA0, "MPU.RASR"},
      {0xDFC, "CoreDebug.DEMCR"}, {0xF00, "NVIC.STIR"}, {0xF34, "FPU.FPCCR"}};
  if (address == 0xE0001000) return "DWT.CTRL";
  if (address == 0xE0001004) return "DWT.CYCCNT";
  const std::uint32_t offset = address - 0xE000E000;
  for (const Name &name : names)
    if (name.offset == offset) return name.name;
  static constexpr Name banks[] = {{0x100, "ISER"}, {0x180, "ICER"}, {0x200, "ISPR"}, {0x280, "ICPR"}, {0x300, "IABR"}};
  for (const Name &bank : banks)
    if (offset >= bank.offset && offset < bank.offset + 0x20)
      return std::string("NVIC.") + bank.name + std::to_string((offset - bank.offset) / 4);
  if (offset >= 0x400 && offset < 0x454) return "NVIC.IPR" + std::to_string((offset - 0x400) / 4);
  return "";
}

}  // namespace board
