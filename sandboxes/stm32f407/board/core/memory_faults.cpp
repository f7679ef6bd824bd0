// Faults that instructions cause, in an engineer's words.
#include "core.hpp"
#include "thumb.hpp"
#include "peripherals/fsmc.hpp"

namespace board {
using namespace exception;
namespace {

bool execute_never(std::uint32_t address) {  // Armv7-M B3.1: peripheral, device and system space
  return (address >= 0x40000000 && address < 0x60000000) || address >= 0xA0000000;
}

std::string access_text(const BadAccess &bad) {
  return std::string(bad.write ? "write" : "read") + " of " + std::to_string(bad.size) + " byte" + (bad.size == 1 ? "" : "s") +
         " at " + hex(bad.address);
}

}  // namespace

/// Where a jump that went wrong came from: the call before LR, if LR still holds a return address.
std::uint32_t Board::Core::jumped_from(std::uint32_t at) const {
  const std::uint32_t link = cpu.get(UC_ARM_REG_LR) & ~1u;
  return image.function_at(at) == nullptr && image.function_at(link) != nullptr ? link - 2 : at;
}

void Board::Core::raise_memory_fault(Stop stop) {
  cpu.polling.restart();
  const BadAccess bad = cpu.bad;
  const std::uint32_t at = cpu.pc();
  Fault fault;
  fault.pc = at;
  std::uint32_t valid = 0;
  switch (stop) {
    case Stop::bus_error: {
      fault.kind = "unmapped_access";
      fault.raised = bus_fault;
      fault.address = bad.address;
      fault.pc = bad.pc;
      const std::string known = image.describe(bad.address);
      fault.text = access_text(bad) + (bad.address >= 0xE0000000 && exceptions.unprivileged()
                                          ? ": unprivileged code may not touch the core's own peripherals (Armv7-M B3.1.1)"
                                          : ": " + (accesses.refusal().empty() ? "nothing answers there (RM0090 2.3, memory map)" : accesses.refusal()));
      if (!accesses.refusal().empty()) fault.kind = "fsmc_misuse";
      if (bad.address >= 0x20020000 && bad.address < 0x20040000) fault.text += "; the SRAM of the STM32F407 ends at 0x2001ffff";
      if (bad.address - cpu.get(UC_ARM_REG_SP) < 0x1000) fault.text += "; the stack pointer is " + hex(cpu.get(UC_ARM_REG_SP));
      // Stores are buffered: the fault is imprecise and comes when the instruction has been left behind.
      fault.cfsr = bad.write ? cfsr::impreciserr : cfsr::preciserr;
      if (!bad.write) valid = cfsr::bfarvalid;
      if (bad.write) cpu.set(UC_ARM_REG_PC, (at + static_cast<std::uint32_t>(cpu.instruction_size(at))) | 1);
      break;
    }
    case Stop::forbidden_access: {
      fault.kind = "mpu_violation";
      fault.raised = memory_management;
      fault.address = bad.address;
      fault.cfsr = cfsr::daccviol;
      valid = cfsr::mmarvalid;
      const auto access = bad.write ? Mpu::Access::write : Mpu::Access::read;
      const std::string known = image.describe(bad.address);
      fault.text = access_text(bad) + (known.empty() ? "" : " (" + known + ")") + ": " + cpu.protection()->reason(bad.address, access);
      if (bad.address - cpu.get(UC_ARM_REG_SP) < 0x1000) fault.text += "; the stack pointer is " + hex(cpu.get(UC_ARM_REG_SP));
      break;
    }
    case Stop::forbidden_fetch:
      fault.kind = "mpu_violation";
      fault.raised = memory_management;
      fault.address = bad.address;
      fault.pc = jumped_from(bad.address);
      fault.cfsr = cfsr::iaccviol;
      fault.text = "execution at " + hex(bad.address) + ": " + cpu.protection()->reason(bad.address, Mpu::Access::fetch);
      // The block before it is left out, which only a run over the end of a region can notice.
      if (bad.address != at) board.unsupported("MPU: code that runs on from a region into one that it may not execute, at " + hex(bad.address));
      break;
    case Stop::unaligned:
      fault.kind = "unaligned_access";
      fault.raised = usage_fault;
      fault.address = bad.address;
      fault.cfsr = cfsr::unaligned;
      fault.text = access_text(bad) + ": " +
                   (bad.address >= 0x40000000 && !Fsmc::is_external(bad.address) ? "peripherals answer aligned accesses only"
                    : cpu.trap_unaligned     ? "CCR.UNALIGN_TRP is set"
                                             : "multiple, double, exclusive and FPU loads and stores must be aligned to 4 bytes") +
                   " (Armv7-M A3.2.1)";
      break;
    case Stop::no_coprocessor:
      fault.kind = "fpu_not_enabled";
      fault.raised = usage_fault;
      fault.pc = bad.pc;
      fault.cfsr = cfsr::nocp;
      fault.text = "a floating-point instruction while the FPU is off: set SCB->CPACR bits 20..23 first (Armv7-M B3.2.20; PM0214 4.6.1)";
      break;
    case Stop::divide_by_zero:
      fault.kind = "division_by_zero";
      fault.raised = usage_fault;
      fault.cfsr = cfsr::divbyzero;
      fault.text = "an integer division by zero while CCR.DIV_0_TRP is set (Armv7-M B3.2.8)";
      break;
    case Stop::breakpoint:
      fault.kind = "breakpoint";
      fault.raised = hard_fault;
      exceptions.status.hfsr |= 1u << 31;  // DEBUGEVT
      fault.text = "BKPT without a debugger escalates to HardFault (Armv7-M C1.6.3); semihosting works only with one";
      break;
    case Stop::fetch_error: {
      if (at - system_base < system_size) return board.unsupported("ST's boot loader in the system memory (RM0090 2.4), at " + hex(at));
      if (auto *fsmc = board.find<Fsmc>("FSMC"); fsmc && fsmc->holds_code(at)) return board.unsupported("FSMC: code in external memory, at " + hex(at));
      const bool never_code = execute_never(at);
      fault.kind = "bad_jump";
      fault.raised = never_code ? memory_management : bus_fault;
      fault.cfsr = never_code ? cfsr::iaccviol : cfsr::ibuserr;
      fault.address = at;
      fault.pc = jumped_from(at);
      fault.text = "execution at " + hex(at) + ": " +
                   (at - 0x10000000 < 0x10000 ? "CCM hangs on the data bus only, code cannot run there (RM0090 2.3.1)"
                    : never_code              ? "that region is execute-never (Armv7-M B3.1)"
                                              : "no memory there") +
                   "; LR is " + hex(cpu.get(UC_ARM_REG_LR)) + where(cpu.get(UC_ARM_REG_LR) & ~1u);
      break;
    }
    default: {
      const bool thumb = (cpu.get(UC_ARM_REG_XPSR) >> 24 & 1) != 0;
      fault.kind = thumb ? "undefined_instruction" : "invalid_state";
      fault.raised = usage_fault;
      fault.cfsr = thumb ? cfsr::undefinstr : cfsr::invstate;
      fault.address = at;
      if (!thumb) fault.pc = jumped_from(at);
      fault.text = thumb ? "an instruction that the Cortex-M4 does not have, at " + hex(at)
                         : "a jump to the even address " + hex(at) + ": bit 0 of a function's address must be set (Thumb); LR is " +
                               hex(cpu.get(UC_ARM_REG_LR)) + where(cpu.get(UC_ARM_REG_LR) & ~1u);
    }
  }
  exceptions.fault(fault, valid);
}

/// A load through a null pointer reads the vector table: no fault on this chip, but hardly what the code means.
void Board::Core::report_null(const BadAccess &access) {
  const std::uint32_t at = pc();
  Finding finding;
  finding.kind = "null_access";
  // Start-up code and operating systems read the initial stack pointer and the reset vector on purpose.
  finding.severity = access.size == 4 && access.address <= 4 ? Severity::note : Severity::error;
  finding.text = access_text(access) + ": a null pointer (plus an offset) reads the vector table, without a fault (RM0090 2.4)";
  finding.address = access.address;
  board.findings.add_at(at, std::move(finding));
}

}  // namespace board
