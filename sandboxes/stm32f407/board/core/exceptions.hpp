// Exception entry and return, faults and their escalation (Armv7-M B1.5).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "cpu.hpp"
#include "nvic.hpp"
#include "time.hpp"

namespace board {

/// Fault status as in SCB.
struct FaultStatus {
  std::uint32_t cfsr = 0, hfsr = 0, mmfar = 0, bfar = 0;
};

/// Bits of CFSR.
namespace cfsr {
inline constexpr std::uint32_t iaccviol = 1 << 0, daccviol = 1 << 1, munstkerr = 1 << 3, mstkerr = 1 << 4,
                               mmarvalid = 1 << 7, ibuserr = 1 << 8, preciserr = 1 << 9, impreciserr = 1 << 10,
                               unstkerr = 1 << 11, stkerr = 1 << 12, bfarvalid = 1 << 15, undefinstr = 1 << 16,
                               invstate = 1 << 17, invpc = 1 << 18, nocp = 1 << 19, unaligned = 1 << 24, divbyzero = 1 << 25;
}

/// A fault as it happened, for the report.
struct Fault {
  std::string kind, text;
  std::uint32_t pc = 0, address = 0, cfsr = 0;
  int raised = 0, taken = 0;  // exceptions: UsageFault, escalated to HardFault
  Time at = 0;
};

class Exceptions {
 public:
  Exceptions(Cpu &cpu, Nvic &nvic) : cpu_(cpu), nvic_(nvic) {}

  void reset();
  Nvic::Masks masks();
  /// Thread mode with CONTROL.nPRIV set.
  bool unprivileged() const;
  /// Takes the exception that wins, if one does; false if none.
  bool take_pending();
  /// The branch to EXC_RETURN that the core stopped at.
  void leave(std::uint32_t exc_return);
  /// A synchronous exception with the PC that is to be stacked. Escalates as B1.5.14 says.
  void supervisor_call();
  void fault(Fault fault, std::uint32_t address_valid_bits = 0);

  bool locked_up() const { return locked_up_; }
  int current() const { return static_cast<int>(cpu_.get(UC_ARM_REG_IPSR) & 0x1FF); }

  FaultStatus status;
  std::uint32_t vector_table = 0;  // VTOR
  bool stack_align = true;         // CCR.STKALIGN
  bool lazy = true, automatic = true;  // FPCCR.LSPEN, ASPEN
  /// Cycles that entries, returns and slow accesses have taken.
  std::uint64_t spent = 0;
  /// More of them; an access that takes longer than an instruction counts here as well.
  void spend(std::uint64_t cycles);
  /// Has the present handler begun right behind another, without one instruction of what they interrupted?
  bool in_a_row() const { return in_a_row_; }

  std::function<void(int number)> on_entry, on_exit;
  std::function<void(const Fault &)> on_fault;

 private:
  bool push_frame(std::uint32_t return_address, std::uint32_t &exc_return);
  bool pop_frame(std::uint32_t exc_return);
  void enter(int number, std::uint32_t return_address);
  void use_stack(bool process, std::uint32_t sp);
  bool read_word(std::uint32_t address, std::uint32_t &value);
  bool write_word(std::uint32_t address, std::uint32_t value);
  bool push_word(std::uint32_t address, std::uint32_t value);
  void stacking_forbidden(int number, std::uint32_t return_address, int preempted);

  Cpu &cpu_;
  Nvic &nvic_;
  bool locked_up_ = false, in_a_row_ = false;
  bool forbidden_ = false;  // did the MPU refuse the frame?
  std::uint64_t left_at_ = UINT64_MAX;  // the cycle at which the last return was over
  Nvic::Masks masks_;
};

}  // namespace board
