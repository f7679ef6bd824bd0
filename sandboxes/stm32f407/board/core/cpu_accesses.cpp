// Accesses of the core: what is noticed about them, and how an instruction is dropped after it has begun.
#include <cstring>
#include <utility>

#include "cpu.hpp"
#include "mpu.hpp"
#include "thumb.hpp"

namespace board {

/// What the rest of a block may change besides, in the order of putting it back.
static constexpr std::array<int, 7> special_registers = {UC_ARM_REG_CONTROL,   UC_ARM_REG_MSP,     UC_ARM_REG_PSP,  UC_ARM_REG_PRIMASK,
                                                         UC_ARM_REG_FAULTMASK, UC_ARM_REG_BASEPRI, UC_ARM_REG_FPSCR};

/// With a memory hook Unicorn 2.1.4 restores the whole state of the instruction at each access, to make the PC exact, and
/// with it the state of its IT block; the next block would then begin inside an IT block that is over. Take it out again.
void Cpu::leave_it_block() {
  constexpr std::uint32_t it_bits = 0x0600FC00;
  const std::uint32_t xpsr = get(UC_ARM_REG_XPSR);
  it_state_ = xpsr & it_bits;
  if (it_state_ != 0) set(UC_ARM_REG_XPSR, xpsr & ~it_bits);
}

void Cpu::memory_hook(uc_engine *, uc_mem_type type, std::uint64_t address, int size, std::int64_t value, void *self) {
  static_cast<Cpu *>(self)->on_memory(type == UC_MEM_WRITE, static_cast<std::uint32_t>(address), size,
                                      static_cast<std::uint64_t>(value));
}

void Cpu::on_memory(bool write, std::uint32_t address, int size, std::uint64_t value) {
  leave_it_block();
  if (cut_ != no_cut && !failed_ && pc() >= cut_) cut_before_access();
  if (mpu_ != nullptr) [[unlikely]] {
    if (!failed_ && refuse({address, 0, static_cast<std::uint32_t>(value), size, write})) return;
  }
  if (is_external(address) && (address & (size - 1)) != 0) check_unaligned({address, 0, static_cast<std::uint32_t>(value), size, write});
  if (address >= memory_end) return;
  if (write) {
    polling.on_store(address);
    if (failed_) remember_old(address, size);
    if (address - save_low_ < save_span_ && !failed_) check_task_save(address);
  } else if (address >= ccm_base) {
    polling.on_load();
  }
  if ((address & (size - 1)) != 0) check_unaligned({address, 0, static_cast<std::uint32_t>(value), size, write});
  if (address >= ccm_base) return;
  const BadAccess access{address, 0, static_cast<std::uint32_t>(value), size, write};
  if (address < 0x400 && !write && !failed_ && on_null && pc() >= flash_size) on_null(access);
  if (write && !failed_ && is_flash(address)) store_to_flash({address, pc(), access.value, size, true});
}

bool Cpu::is_flash(std::uint32_t address) const {
  return address - flash_base < flash_size || (address < flash_size && !sram_at_zero_);
}

/// Unicorn does the store; the old bytes come back at the end of the block. A firmware may go on storing for ever, so that a
/// store without effect must not cost a stop of the core; one that programs is done when the core has stopped.
void Cpu::store_to_flash(const BadAccess &access) {
  remember_old(access.address, access.size);
  if (refuses_flash_store && refuses_flash_store(access)) return;
  flash_writes_.push_back(access);
  interrupt_soon();
}

/// The next block begins. If it was translated from what had been stored, it is stale.
void Cpu::put_flash_back(std::uint32_t size) {
  const auto in_flash = [](std::uint32_t address) { return address < flash_size ? address + flash_base : address; };
  for (const Undo &undo : undo_)
    if (in_flash(undo.address) + 8 > in_flash(block_) && in_flash(undo.address) < in_flash(block_) + size) stale_bytes_ = size;
  restore_after_failure();
}

void Cpu::watch_task_save(std::uint32_t frame, std::uint32_t low) {
  constexpr std::uint32_t most = 128;  // s16-s31, r4-r11 and LR
  save_frame_ = frame;
  save_span_ = low != 0 && frame >= low && frame - low < most ? most - (frame - low) : 0;
  save_low_ = low - save_span_;
  save_region_ = stack.in_use();
}

void Cpu::check_task_save(std::uint32_t address) {
  const std::uint8_t *code = memory(pc(), 2);
  if (!code || (half_at(code) & 0xFFD0) != 0xE900) return;  // STMDB
  const std::uint32_t base = get(core_registers[half_at(code) & 15]);
  if (save_frame_ - base > 64) return;  // not from PSP, nor from what VSTMDB left of it
  if (stack.on_overflow) stack.on_overflow(address, save_region_);
  save_span_ = 0;
}

void Cpu::check_unaligned(const BadAccess &access) {
  if ((access.address & 3) == 0) return;  // a double word needs word alignment only
  const std::uint8_t *code = memory(pc(), 2);
  if (!code || failed_ || !(trap_unaligned || must_be_aligned(half_at(code)))) return;
  fail_access(Stop::unaligned, access);
  if (access.write) remember_old(access.address, access.size);
}

/// The store is undone at the end of the block; peripherals do not see an access that has failed.
bool Cpu::refuse(const BadAccess &access) {
  if (!mpu_->forbids_now(access.address, static_cast<std::uint32_t>(access.size), access.write ? Mpu::Access::write : Mpu::Access::read)) return false;
  fail_access(Stop::forbidden_access, access);
  saved_[16] |= it_state_;
  if (access.write) remember_old(access.address, access.size);
  return true;
}

bool Cpu::refuse_block(std::uint32_t size) {
  mpu_->watch_barrier(block_);
  const std::uint32_t at = mpu_->forbidden_code(block_, size);
  if (at == Mpu::nowhere) return false;
  bad = {at, block_, 0, 2, false};
  return true;
}

void Cpu::fail_access(Stop stop, const BadAccess &access) {
  if (failed_) return;
  failed_ = true;
  failure_ = stop;
  bad = access;
  bad.pc = pc();
  for (std::size_t i = 0; i < core_registers.size(); ++i) saved_[i] = get(core_registers[i]);
  for (std::size_t i = 0; i < special_registers.size(); ++i) saved_special_[i] = get(special_registers[i]);
  for (std::size_t i = 0; i < saved_floats_.size(); ++i) uc_reg_read(uc_, UC_ARM_REG_D0 + static_cast<int>(i), &saved_floats_[i]);
  interrupt_soon();
}

void Cpu::remember_old(std::uint32_t address, int size) {
  const std::uint8_t *bytes = memory(address, static_cast<std::uint32_t>(size));
  if (!bytes) return;
  Undo undo{address, size, 0};
  std::memcpy(&undo.old, bytes, static_cast<std::size_t>(size));
  undo_.push_back(undo);
}

/// Puts back what the rest of a block stored after its access had failed, and the registers.
void Cpu::restore_after_failure() {
  for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo)
    if (std::uint8_t *bytes = memory(undo->address, static_cast<std::uint32_t>(undo->size), true))
      std::memcpy(bytes, &undo->old, static_cast<std::size_t>(undo->size));
  undo_.clear();
  if (!failed_) return;
  for (std::size_t i = 0; i < special_registers.size(); ++i) set(special_registers[i], saved_special_[i]);
  for (std::size_t i = 0; i < saved_floats_.size(); ++i) uc_reg_write(uc_, UC_ARM_REG_D0 + static_cast<int>(i), &saved_floats_[i]);
  for (std::size_t i = 0; i < core_registers.size(); ++i)
    if (core_registers[i] != UC_ARM_REG_PC) set(core_registers[i], saved_[i]);
  set(UC_ARM_REG_PC, bad.pc | 1);
}

void Cpu::settle_flash_writes() {
  for (const BadAccess &access : std::exchange(flash_writes_, {})) {
    if (on_flash_write) on_flash_write(access);
    memory_changed(access.address < flash_size ? access.address + flash_base : access.address, 8);
  }
}

std::uint64_t Cpu::bus_load(uc_engine *, std::uint64_t offset, unsigned size, void *window) {
  const auto &[cpu, base] = *static_cast<std::pair<Cpu *, std::uint32_t> *>(window);
  if (cpu->failed_) return 0;
  return cpu->bus_.load(base + static_cast<std::uint32_t>(offset), static_cast<int>(size));
}

void Cpu::bus_store(uc_engine *, std::uint64_t offset, unsigned size, std::uint64_t value, void *window) {
  const auto &[cpu, base] = *static_cast<std::pair<Cpu *, std::uint32_t> *>(window);
  if (cpu->failed_) return;
  cpu->bus_.store(base + static_cast<std::uint32_t>(offset), static_cast<int>(size), static_cast<std::uint32_t>(value));
  if (cpu->deadline < cpu->cycles + cpu->block_instructions_ && !cpu->failed_) cpu->cut_after_store();
}

/// The store has made an exception pending that must be taken before the next instruction, but Unicorn runs to the end of
/// its block: what follows is dropped as after a failure, and the core resumes behind the store. Stores that also change a
/// register (write-back) or stand in an IT block are let be; the exception then comes at the end of the block.
void Cpu::cut_after_store() {
  const std::uint32_t at = pc();
  const std::uint8_t *code = memory(at, 4);
  const auto wanted = [this] {
    if (std::exchange(resynchronise_, false) || (preempted && preempted())) return true;
    return deadline > cycles && may_preempt && may_preempt();  // an event that it put into the rest of its block
  };
  if (it_state_ != 0 || !code || !wanted()) return;
  const std::uint16_t first = half_at(code), second = half_at(code + 2);
  const bool short_store = !is_wide(first) && ((first & 0xF000) == 0x5000 || (first & 0xE800) == 0x6000 || (first & 0xF800) == 0x8000);
  // STR, STRB, STRH with a 12-bit offset, or with register or 8-bit offset without write-back.
  const bool wide_store = (first & 0xFF90) == 0xF880 || ((first & 0xFF90) == 0xF800 && ((second & 0x0FC0) == 0 || (second & 0x0D00) == 0x0C00));
  if (!short_store && !wide_store) return;
  fail_access(Stop::boundary, {0, 0, 0, 0, true});
  bad.pc = at + (is_wide(first) ? 4 : 2);
}

/// An event that may preempt has fallen due since the block began. What main and handlers share is memory, so it makes no
/// difference to a program whether the exception is taken where it falls due or just before the next access; and there the
/// state is known exactly. The access and what follows it in the block are dropped, and executed again after the handler.
void Cpu::cut_before_access() {
  fail_access(Stop::boundary, {});
  saved_[16] |= it_state_;
}

void Cpu::division_hook(uc_engine *, std::uint64_t address, std::uint32_t size, void *self) {
  Cpu &cpu = *static_cast<Cpu *>(self);
  const std::uint8_t *code = size == 4 ? cpu.memory(static_cast<std::uint32_t>(address), 4) : nullptr;
  if (!code || (half_at(code) & 0xFFD0) != 0xFB90 || (half_at(code + 2) & 0x00F0) != 0x00F0) return;  // SDIV, UDIV
  if (cpu.get(core_registers[half_at(code + 2) & 15]) == 0) cpu.fail_access(Stop::divide_by_zero, {});
}

}  // namespace board
