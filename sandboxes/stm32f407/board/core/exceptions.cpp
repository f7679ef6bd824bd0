#include "exceptions.hpp"
#include "mpu.hpp"

#include <cstring>

namespace board {
using namespace exception;
namespace {

constexpr std::uint32_t frame_bytes = 32, extended_frame_bytes = 104;  // B1.5.6, B1.5.7
constexpr std::uint32_t control_spsel = 2, control_fpca = 4;
constexpr std::uint32_t xpsr_t = 1u << 24, xpsr_aligned = 1u << 9;
/// What entry and return take beside the instructions, in cycles: the latency of an interrupt, the return's, and from one
/// handler to the next without the return in between (Cortex-M4 TRM 3.9.1; Armv7-M B1.5.12).
constexpr std::uint64_t entry_cycles = 12, return_cycles = 10, tail_cycles = 6;

}  // namespace

void Exceptions::reset() {
  status = {};
  vector_table = 0;
  stack_align = lazy = automatic = true;
  locked_up_ = false;
  left_at_ = UINT64_MAX;
}

void Exceptions::spend(std::uint64_t cycles) {
  cpu_.cycles += cycles;
  spent += cycles;
}

bool Exceptions::unprivileged() const { return current() == none && (cpu_.get(UC_ARM_REG_CONTROL) & 1) != 0; }

Nvic::Masks Exceptions::masks() {
  // Unicorn hides the mask registers from unprivileged code as the core does; such code cannot change them.
  if (unprivileged()) return masks_;
  return masks_ = {(cpu_.get(UC_ARM_REG_PRIMASK) & 1) != 0, (cpu_.get(UC_ARM_REG_FAULTMASK) & 1) != 0,
          static_cast<std::uint8_t>(cpu_.get(UC_ARM_REG_BASEPRI) & 0xF0)};
}

bool Exceptions::read_word(std::uint32_t address, std::uint32_t &value) {
  const std::uint8_t *bytes = cpu_.memory(address, 4);
  if (!bytes) return false;
  std::memcpy(&value, bytes, 4);
  return true;
}

bool Exceptions::write_word(std::uint32_t address, std::uint32_t value) {
  if (address < 0x10000000) return false;
  std::uint8_t *bytes = cpu_.memory(address, 4, true);
  if (!bytes) return false;
  std::memcpy(bytes, &value, 4);
  return true;
}

/// Stacking is done with the rights of what was interrupted (Armv7-M B1.5.6).
bool Exceptions::push_word(std::uint32_t address, std::uint32_t value) {
  if (Mpu *mpu = cpu_.protection(); mpu && mpu->forbids(address, 4, Mpu::Access::write, unprivileged())) return forbidden_ = true, false;
  return write_word(address, value);
}

/// The MPU refused the stack of an exception. If the fault cannot come before the handler that was to be entered, it waits for
/// it (B1.5.11); the handler of the same fault, and HardFault's, see only the flag.
void Exceptions::stacking_forbidden(int number, std::uint32_t return_address, int preempted) {
  status.cfsr |= cfsr::mstkerr;
  if (number == memory_management || number == hard_fault || number == nmi) return;
  Fault forbidden{"mpu_violation",
                  "the MPU forbids stacking for exception " + std::to_string(number) + ": the stack has run into a region that may not be written",
                  return_address, 0, cfsr::mstkerr, memory_management, memory_management, 0};
  const int own = nvic_.group_priority(memory_management);
  if (!nvic_.enabled(memory_management) || own < nvic_.group_priority(number) || own >= preempted) return fault(forbidden);
  if (on_fault) on_fault(forbidden);
  nvic_.set_pending(memory_management, true);
}

void Exceptions::use_stack(bool process, std::uint32_t sp) {
  cpu_.set(process ? UC_ARM_REG_PSP : UC_ARM_REG_MSP, sp);
}

/// Stacks the context on the stack in use. The FPU's part is stored at once, where a chip with LSPEN only reserves the
/// room until the handler uses the FPU: what a program can see is the same.
bool Exceptions::push_frame(std::uint32_t return_address, std::uint32_t &exc_return) {
  const std::uint32_t control = cpu_.get(UC_ARM_REG_CONTROL);
  const bool handler = current() != none;
  const bool process = !handler && (control & control_spsel) != 0;
  const bool extended = cpu_.fpu_enabled && automatic && (control & control_fpca) != 0;
  const std::uint32_t old = cpu_.get(UC_ARM_REG_SP);
  std::uint32_t sp = old - (extended ? extended_frame_bytes : frame_bytes);
  const bool aligned = (stack_align || extended) && (sp & 4) != 0;
  if (aligned) sp -= 4;
  std::uint32_t xpsr = (cpu_.get(UC_ARM_REG_XPSR) & ~xpsr_aligned) | xpsr_t | (aligned ? xpsr_aligned : 0);
  const std::uint32_t words[] = {cpu_.get(UC_ARM_REG_R0),  cpu_.get(UC_ARM_REG_R1), cpu_.get(UC_ARM_REG_R2),
                                 cpu_.get(UC_ARM_REG_R3),  cpu_.get(UC_ARM_REG_R12), cpu_.get(UC_ARM_REG_LR),
                                 return_address,           xpsr};
  bool ok = true;
  forbidden_ = false;
  for (std::uint32_t i = 0; i < 8; ++i) ok &= push_word(sp + 4 * i, words[i]);
  if (extended) {
    for (std::uint32_t i = 0; i < 16; ++i) ok &= push_word(sp + 32 + 4 * i, cpu_.get(UC_ARM_REG_S0 + static_cast<int>(i)));
    ok &= push_word(sp + 96, cpu_.get(UC_ARM_REG_FPSCR));
    cpu_.set(UC_ARM_REG_CONTROL, control & ~control_fpca);
  }
  cpu_.set(UC_ARM_REG_SP, sp);  // not PSP or MSP by name: those cannot be written in unprivileged mode
  exc_return = 0xFFFFFFE1 | (extended ? 0 : 0x10) | (handler ? 0 : 8) | (process ? 4 : 0);
  cpu_.stack.watch(sp);  // while it still counts as the interrupted program's stack
  cpu_.watch_task_save(sp, process ? cpu_.stack.in_use().low : 0);
  return ok;
}

void Exceptions::enter(int number, std::uint32_t return_address) {
  in_a_row_ = cpu_.cycles == left_at_;
  left_at_ = UINT64_MAX;
  spend(in_a_row_ ? tail_cycles : entry_cycles);
  std::uint32_t exc_return = 0, vector = 0;
  const int preempted = cpu_.protection() ? nvic_.execution_priority(masks()) : 0;
  const bool stacked = push_frame(return_address, exc_return);
  nvic_.activate(number, true);
  const bool fetched = read_word(vector_table + 4 * static_cast<std::uint32_t>(number), vector);
  // Handler mode with IT state cleared; Unicorn switches to the main stack with IPSR.
  cpu_.set(UC_ARM_REG_XPSR, (cpu_.get(UC_ARM_REG_XPSR) & 0xF80F0000) | xpsr_t | static_cast<std::uint32_t>(number));
  cpu_.clear_exclusive();
  cpu_.set(UC_ARM_REG_LR, exc_return);
  cpu_.set(UC_ARM_REG_PC, vector | 1);
  cpu_.stack.switched(cpu_.get(UC_ARM_REG_MSP), false);
  cpu_.polling.restart();
  if (on_entry) on_entry(number);
  if (!stacked && forbidden_) return stacking_forbidden(number, return_address, preempted);
  if (!stacked)
    return fault({"bus_error", "stacking for " + std::to_string(number) + " failed: the stack pointer is outside memory",
                  return_address, 0, cfsr::stkerr, bus_fault, 0, 0});
  if (!fetched || (vector & 1) == 0) {
    status.hfsr |= 2;  // VECTTBL
    fault({"invalid_state", "the vector of exception " + std::to_string(number) + " is not the address of a Thumb function",
           return_address, vector, cfsr::invstate, usage_fault, 0, 0});
  }
}

bool Exceptions::take_pending() {
  if (nvic_.best_pending() == none || locked_up_) return false;
  const int number = nvic_.to_take(masks());
  if (number == none) return false;
  enter(number, cpu_.pc());
  return true;
}

bool Exceptions::pop_frame(std::uint32_t exc_return) {
  const bool process = (exc_return & 4) != 0, extended = (exc_return & 0x10) == 0;
  masks();  // while they can be read
  std::uint32_t sp = cpu_.get(process ? UC_ARM_REG_PSP : UC_ARM_REG_MSP);
  std::uint32_t words[8] = {};
  const bool to_thread = (exc_return & 8) != 0;
  Mpu *mpu = cpu_.protection();
  const bool user = to_thread && (cpu_.get(UC_ARM_REG_CONTROL) & 1) != 0;
  forbidden_ = mpu && mpu->forbids(sp, frame_bytes, Mpu::Access::read, user);
  if (forbidden_) return false;
  for (std::uint32_t i = 0; i < 8; ++i)
    if (!read_word(sp + 4 * i, words[i])) return false;
  if (!to_thread && ((words[7] & 0x1FF) >= count || !nvic_.active(static_cast<int>(words[7] & 0x1FF)))) {
    fault({"invalid_exception_return", "the stacked xPSR names an exception that is not active (B1.5.8)", words[6], 0,
           cfsr::invpc, usage_fault, 0, 0});
    return true;
  }
  static constexpr int registers[] = {UC_ARM_REG_R0, UC_ARM_REG_R1, UC_ARM_REG_R2, UC_ARM_REG_R3, UC_ARM_REG_R12, UC_ARM_REG_LR};
  for (int i = 0; i < 6; ++i) cpu_.set(registers[i], words[i]);
  if (extended) {
    std::uint32_t word = 0;
    for (std::uint32_t i = 0; i < 16 && read_word(sp + 32 + 4 * i, word); ++i) cpu_.set(UC_ARM_REG_S0 + static_cast<int>(i), word);
    if (read_word(sp + 96, word)) cpu_.set(UC_ARM_REG_FPSCR, word);
  }
  sp += extended ? extended_frame_bytes : frame_bytes;
  if ((words[7] & xpsr_aligned) != 0) sp += 4;
  use_stack(process, sp);
  // The order matters: IPSR selects the mode, CONTROL the stack of thread mode.
  cpu_.set(UC_ARM_REG_XPSR, (words[7] & ~xpsr_aligned & (to_thread ? ~0x1FFu : ~0u)) | xpsr_t);
  std::uint32_t control = cpu_.get(UC_ARM_REG_CONTROL) & ~(control_spsel | control_fpca);
  if (to_thread && process) control |= control_spsel;
  if (extended) control |= control_fpca;
  cpu_.set(UC_ARM_REG_CONTROL, control);
  cpu_.set(UC_ARM_REG_PC, words[6] | 1);
  cpu_.stack.switched(sp, process);
  if ((words[7] & xpsr_t) == 0)
    fault({"invalid_state", "an exception returned to a context whose xPSR has the T bit clear", words[6], 0, cfsr::invstate,
           usage_fault, 0, 0});
  return true;
}

void Exceptions::leave(std::uint32_t exc_return) {
  const int number = current();
  const std::uint32_t code = exc_return & ~1u;
  const bool to_thread = (code & 8) != 0;
  const bool valid = number != none && nvic_.active(number) && (code & 0xFFFFFFE0) == 0xFFFFFFE0 &&
                     ((code & 0xE) == 0x0 || (code & 0xE) == 0x8 || (code & 0xE) == 0xC) &&
                     to_thread != nvic_.any_active_besides(number);
  if (!valid) {
    if (number != none) nvic_.activate(number, false);
    return fault({"invalid_exception_return",
                  number == none ? "a jump to EXC_RETURN in thread mode: there is no exception to return from"
                                 : "EXC_RETURN does not fit the active exceptions (B1.5.8)",
                  cpu_.get(UC_ARM_REG_LR) & ~1u, exc_return, number == none ? cfsr::invstate : cfsr::invpc, usage_fault, 0, 0});
  }
  nvic_.activate(number, false);
  // FAULTMASK is cleared on return from anything but NMI (B1.5.8).
  if (number != nmi) cpu_.set(UC_ARM_REG_FAULTMASK, 0);
  if (on_exit) on_exit(number);
  cpu_.polling.restart();
  cpu_.clear_exclusive();
  forbidden_ = false;
  const bool popped = pop_frame(code);
  if (!popped && forbidden_)
    fault({"mpu_violation", "the MPU forbids unstacking: the frame lies in a region that may not be read", cpu_.pc(), 0, cfsr::munstkerr,
           memory_management, 0, 0});
  else if (!popped)
    fault({"bus_error", "unstacking failed: the stack pointer is outside memory", cpu_.pc(), 0, cfsr::unstkerr, bus_fault, 0, 0});
  // With another exception waiting the core does not unstack at all.
  if (nvic_.to_take(masks()) == none) spend(return_cycles);
  left_at_ = cpu_.cycles;
}

void Exceptions::supervisor_call() {
  if (nvic_.group_priority(exception::supervisor_call) < nvic_.execution_priority(masks()))
    return enter(exception::supervisor_call, cpu_.pc());
  fault({"fault_escalated", "SVC where its priority cannot preempt what is running (another handler, PRIMASK or BASEPRI)",
         cpu_.pc() - 2, 0, 0, hard_fault, 0, 0});
}

void Exceptions::fault(Fault fault, std::uint32_t address_valid_bits) {
  status.cfsr |= fault.cfsr | address_valid_bits;
  if ((address_valid_bits & cfsr::bfarvalid) != 0) status.bfar = fault.address;
  if ((address_valid_bits & cfsr::mmarvalid) != 0) status.mmfar = fault.address;
  const int priority = nvic_.execution_priority(masks());
  fault.taken = fault.raised;
  if (fault.raised != hard_fault && (!nvic_.enabled(fault.raised) || nvic_.group_priority(fault.raised) >= priority)) {
    fault.taken = hard_fault;
    status.hfsr |= 1u << 30;  // FORCED
  }
  if (fault.taken == hard_fault && priority <= -1) {
    locked_up_ = true;
    fault.taken = none;
    if (on_fault) on_fault(fault);
    return;
  }
  if (on_fault) on_fault(fault);
  enter(fault.taken, cpu_.pc());
}

}  // namespace board
