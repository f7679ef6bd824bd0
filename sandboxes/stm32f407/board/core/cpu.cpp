#include "cpu.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include "thumb.hpp"

namespace board {
namespace {

// What RAM holds after power-on; a firmware that counts on zeros shall notice.
constexpr std::uint8_t noise = 0xA5;

// What ST has put into the system memory. The boot loader's code is not here, only where it begins: a jump there is told.
void identify(std::vector<std::uint8_t> &system) {
  const auto put = [&](std::uint32_t address, std::uint32_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) system[address - system_base + i] = static_cast<std::uint8_t>(value >> 8 * i);
  };
  put(0x1FFF0000, sram_base + 0x2000, 4);
  put(0x1FFF0004, boot_loader | 1, 4);
  put(0x1FFF7A10, 0x00270034, 4);  // unique device ID (RM0090 39.1): place on the wafer, then lot and wafer in ASCII
  put(0x1FFF7A14, 0x31345104, 4);
  put(0x1FFF7A18, 0x38383732, 4);
  put(0x1FFF7A22, flash_size >> 10, 2);  // in KB (RM0090 39.2)
  // The converter's readings in the factory, at 3.3 V: the reference (1.21 V), and the sensor at 30 and 110 degrees (0.76 V at
  // 25, 2.5 mV a degree; datasheet DS8626, "Temperature sensor characteristics").
  put(0x1FFF7A2A, 1502, 2);
  put(0x1FFF7A2C, 959, 2);
  put(0x1FFF7A2E, 1207, 2);
}

void check(uc_err error, const char *what) {
  if (error != UC_ERR_OK) throw std::runtime_error(std::string(what) + ": " + uc_strerror(error));
}

}  // namespace

const std::array<int, 17> core_registers = {
    UC_ARM_REG_R0,  UC_ARM_REG_R1,  UC_ARM_REG_R2, UC_ARM_REG_R3, UC_ARM_REG_R4, UC_ARM_REG_R5,
    UC_ARM_REG_R6,  UC_ARM_REG_R7,  UC_ARM_REG_R8, UC_ARM_REG_R9, UC_ARM_REG_R10, UC_ARM_REG_R11,
    UC_ARM_REG_R12, UC_ARM_REG_R13, UC_ARM_REG_R14, UC_ARM_REG_R15, UC_ARM_REG_XPSR};

Cpu::Cpu(MemoryBus &bus) : bus_(bus), flash_blocks_(flash_size / 2) {
  check(uc_open(UC_ARCH_ARM, static_cast<uc_mode>(UC_MODE_THUMB | UC_MODE_MCLASS), &uc_), "Unicorn");
  check(uc_ctl_set_cpu_model(uc_, UC_CPU_ARM_CORTEX_M4), "Cortex-M4");
  Region &flash = add_memory(flash_base, flash_size, UC_PROT_ALL, 0xFF);
  add_memory(sram_base, sram_size, UC_PROT_ALL, noise);
  add_memory(ccm_base, ccm_size, UC_PROT_READ | UC_PROT_WRITE, noise);  // data bus only: not executable (RM0090 2.3.1)
  identify(add_memory(system_base, system_size, UC_PROT_READ, 0xFF).bytes);
  add_memory(option_base, option_size, UC_PROT_READ, 0xFF);
  check(uc_mem_map_ptr(uc_, 0, flash_size, UC_PROT_ALL, flash.bytes.data()), "alias at 0");
  const std::uint8_t clrex[] = {0xBF, 0xF3, 0x2F, 0x8F};
  Region &own = add_memory(clrex_address, clrex_size, UC_PROT_EXEC, 0);
  std::copy(std::begin(clrex), std::end(clrex), own.bytes.begin());
  add_hooks();
}

Cpu::~Cpu() { uc_close(uc_); }

Cpu::Region &Cpu::add_memory(std::uint32_t base, std::uint32_t size, std::uint32_t permissions, std::uint8_t fill) {
  regions_.push_back(std::make_unique<Region>(Region{base, size, {}, (permissions & UC_PROT_WRITE) != 0}));
  Region &region = *regions_.back();
  region.bytes.assign(size, fill);
  check(uc_mem_map_ptr(uc_, base, size, permissions, region.bytes.data()), "memory map");
  return region;
}

void Cpu::add_hooks() {
  uc_hook hook;
  check(uc_hook_add(uc_, &hook, UC_HOOK_BLOCK, reinterpret_cast<void *>(block_hook), this, 1, 0), "hook");
  // Besides what it looks at, a memory hook makes Unicorn restore the exact PC for every access that it matches.
  check(uc_hook_add(uc_, &hook, UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE, reinterpret_cast<void *>(memory_hook), this, 0, UINT32_MAX), "hook");
  check(uc_hook_add(uc_, &hook, UC_HOOK_MEM_INVALID, reinterpret_cast<void *>(invalid_memory_hook), this, 1, 0), "hook");
  check(uc_hook_add(uc_, &hook, UC_HOOK_INSN_INVALID, reinterpret_cast<void *>(invalid_instruction_hook), this, 1, 0), "hook");
  check(uc_hook_add(uc_, &hook, UC_HOOK_INTR, reinterpret_cast<void *>(interrupt_hook), this, 1, 0), "hook");
}

void Cpu::map_bus(std::uint32_t address, std::uint32_t size) {
  windows_.push_back(std::make_unique<std::pair<Cpu *, std::uint32_t>>(this, address));
  void *window = windows_.back().get();
  check(uc_mmio_map(uc_, address, size, bus_load, window, bus_store, window), "bus map");
}

void Cpu::alias_zero_to_sram(bool sram) {
  if (sram == sram_at_zero_) return;
  sram_at_zero_ = sram;
  Region &region = *regions_[sram ? 1 : 0];
  check(uc_mem_unmap(uc_, 0, sram ? flash_size : sram_size), "alias at 0");
  check(uc_mem_map_ptr(uc_, 0, region.size, UC_PROT_ALL, region.bytes.data()), "alias at 0");
}

std::uint32_t Cpu::get(int reg) const {
  std::uint32_t value = 0;
  uc_reg_read(uc_, reg, &value);
  return value;
}

void Cpu::set(int reg, std::uint32_t value) { uc_reg_write(uc_, reg, &value); }

bool Cpu::set_stack_pointer() {
  for (const auto &[address, size] : {last_block_, std::pair(block_, block_size_)}) {
    const std::uint8_t *code = memory(address, size);
    for (std::uint32_t at = 0; code && at + 2 <= size;) {
      const std::uint16_t first = half_at(code + at);
      const bool wide = is_wide(first) && at + 4 <= size;
      if (sets_stack_pointer(first, wide ? half_at(code + at + 2) : 0)) return true;
      at += wide ? 4 : 2;
    }
  }
  return false;
}

std::uint8_t *Cpu::memory(std::uint32_t address, std::uint32_t size, bool write) {
  if (address < flash_size) address += sram_at_zero_ ? sram_base : flash_base;
  for (auto &region : regions_) {
    const std::uint32_t offset = address - region->base;
    if (offset < region->size && size <= region->size - offset)
      return write && !region->writable ? nullptr : region->bytes.data() + offset;
  }
  return external ? external(address, size) : nullptr;
}

void Cpu::memory_changed(std::uint32_t address, std::uint32_t size) {
  uc_ctl_remove_cache(uc_, std::uint64_t{address}, std::uint64_t{address} + size);
  if (address - flash_base >= flash_size) return;
  // Blocks that begin before the address may reach it.
  constexpr std::uint32_t longest_block = 4096;
  const std::uint32_t offset = address - flash_base, first = offset < longest_block ? 0 : offset - longest_block;
  const std::uint32_t last = std::min(offset + size, flash_size);
  std::fill(flash_blocks_.begin() + first / 2, flash_blocks_.begin() + last / 2, BlockInfo{});
}

void Cpu::lose_memory() {
  for (const auto &[base, size] : {std::pair{sram_base, sram_size}, std::pair{ccm_base, ccm_size}}) {
    std::memset(memory(base, size), noise, size);
    memory_changed(base, size);
  }
}

int Cpu::instruction_size(std::uint32_t address) {
  const std::uint8_t *bytes = memory(address, 2);
  return bytes && is_wide(half_at(bytes)) ? 4 : 2;
}

// ---- counting ----

Cpu::BlockInfo Cpu::inspect(std::uint32_t address, std::uint32_t size) {
  const std::uint8_t *bytes = memory(address, size);
  BlockInfo info{static_cast<std::uint16_t>(size), 0, 0, 0, 0};
  if (!bytes) return info;
  std::uint32_t count = 0;
  for (std::uint32_t at = 0; at + 2 <= size; ++count) {
    const std::uint16_t first = half_at(bytes + at);
    const bool wide = is_wide(first);
    if (at + 4 <= size && is_fpu(bytes + at)) info.fpu = 1;
    if (first == 0xBF40) info.sends_event = 1;
    if (at + 4 <= size && is_load_exclusive(first, half_at(bytes + at + 2))) info.exclusive = 1;
    at += wide ? 4 : 2;
  }
  info.instructions = count & 0x1FFF;
  return info;
}

std::uint32_t Cpu::first_fpu_instruction(std::uint32_t address, std::uint32_t size) {
  const std::uint8_t *bytes = memory(address, size);
  for (std::uint32_t at = 0; bytes && at + 4 <= size; at += is_wide(half_at(bytes + at)) ? 4 : 2)
    if (is_fpu(bytes + at)) return address + at;
  return address;
}

/// The length of the first `count` instructions at an address.
std::uint32_t Cpu::bytes_of(std::uint32_t address, std::uint64_t count) {
  std::uint32_t bytes = 0;
  for (; count > 0; --count) bytes += static_cast<std::uint32_t>(instruction_size(address + bytes));
  return bytes;
}

Cpu::BlockInfo Cpu::block_info(std::uint32_t address, std::uint32_t size) {
  const std::uint32_t offset = (address - (address < flash_size ? 0 : flash_base)) / 2;
  if (offset >= flash_blocks_.size()) return inspect(address, size);  // code in SRAM may change: count it each time
  BlockInfo &known = flash_blocks_[offset];
  if (known.bytes != size) known = inspect(address, size);
  return known;
}

/// Counts what has been executed of the running block: everything before `pc`, or all of it if the core has left it.
void Cpu::retire(std::uint32_t pc) {
  cycles += pc - block_ < block_bytes_ ? inspect(block_, pc - block_).instructions : block_instructions_;
  block_instructions_ = block_bytes_ = 0;
}

std::uint32_t Cpu::masks() const {
  return get(UC_ARM_REG_PRIMASK) | get(UC_ARM_REG_FAULTMASK) << 1 | get(UC_ARM_REG_BASEPRI) << 8;
}

std::uint64_t Cpu::cycles_now() const {
  if (!running_ || block_bytes_ == 0) return cycles;
  const std::uint32_t done = pc() - block_;
  return cycles + (done < block_bytes_ ? const_cast<Cpu *>(this)->inspect(block_, done).instructions : block_instructions_);
}

void Cpu::block_hook(uc_engine *uc, std::uint64_t address, std::uint32_t size, void *self) {
  Cpu &cpu = *static_cast<Cpu *>(self);
  if (!cpu.running_) return;  // the board's own instruction
  if (cpu.failed_) return static_cast<void>(uc_emu_stop(uc));  // this was the rest of a block that does not count
  cpu.cut_ = no_cut;
  cpu.cycles += cpu.block_instructions_;
  cpu.block_instructions_ = cpu.block_bytes_ = 0;
  cpu.last_block_ = {cpu.block_, cpu.block_size_};
  cpu.block_ = static_cast<std::uint32_t>(address);
  cpu.block_size_ = size;
  if (!cpu.undo_.empty()) cpu.put_flash_back(size);
  std::uint32_t sp = 0;
  uc_reg_read(uc, UC_ARM_REG_SP, &sp);
  cpu.stack.watch(sp);
  const auto stop = [&](Stop reason) {
    cpu.stopped_at_block_ = true;
    cpu.block_stop_ = reason;
    uc_emu_stop(uc);
  };
  if (cpu.cycles >= cpu.deadline || cpu.stale_bytes_ != 0 || (cpu.watch_masks && cpu.masks() != cpu.masks_)) return stop(Stop::boundary);
  const BlockInfo info = cpu.block_info(cpu.block_, size);
  if (cpu.mpu_ != nullptr) [[unlikely]] {
    if (cpu.refuse_block(size)) return stop(Stop::forbidden_fetch);
  }
  if (info.fpu && !cpu.fpu_enabled) {
    // The fault is taken before the block, so that a handler that enables the FPU may return; named is the instruction.
    cpu.bad = {cpu.block_, cpu.first_fpu_instruction(cpu.block_, size), 0, 0, false};
    return stop(Stop::no_coprocessor);
  }
  if (cpu.polling.at_block(cpu.block_)) return stop(Stop::polling);
  if (info.sends_event) cpu.event = true;
  if (info.exclusive) cpu.exclusive_ = true;
  cpu.block_instructions_ = info.instructions;
  cpu.block_bytes_ = size;
  const std::uint64_t left = cpu.deadline - cpu.cycles;
  if (left < info.instructions && cpu.may_preempt && cpu.may_preempt()) cpu.cut_ = cpu.block_ + cpu.bytes_of(cpu.block_, left);
}

// ---- what stops the core ----

bool Cpu::invalid_memory_hook(uc_engine *, uc_mem_type type, std::uint64_t address, int size, std::int64_t value, void *self) {
  Cpu &cpu = *static_cast<Cpu *>(self);
  if (cpu.failed_) return false;
  const bool write = type == UC_MEM_WRITE_UNMAPPED || type == UC_MEM_WRITE_PROT;
  cpu.bad = {static_cast<std::uint32_t>(address), cpu.pc(), static_cast<std::uint32_t>(value), size, write};
  return false;
}

bool Cpu::invalid_instruction_hook(uc_engine *, void *) { return false; }

void Cpu::interrupt_hook(uc_engine *uc, std::uint32_t number, void *self) {
  static_cast<Cpu *>(self)->interrupt_ = static_cast<int>(number);
  uc_emu_stop(uc);
}

void Cpu::trap_divisions(bool on) {
  if (on == (division_hook_ != 0)) return;
  if (on) check(uc_hook_add(uc_, &division_hook_, UC_HOOK_CODE, reinterpret_cast<void *>(division_hook), this, 1, 0), "hook");
  else uc_hook_del(uc_, division_hook_), division_hook_ = 0;
  flush_ = resynchronise_ = true;
  interrupt_soon();
}

/// Exception entry and return clear the local monitor (Armv7-M B1.5.6, B1.5.8), which only CLREX can do in Unicorn. To be
/// called outside IT blocks; the PC is lost.
void Cpu::clear_exclusive() {
  if (std::exchange(exclusive_, false)) uc_emu_start(uc_, clrex_address | 1, clrex_address + 4, 0, 0);
}

Stop Cpu::run(std::uint32_t pc_now) {
  if ((get(UC_ARM_REG_XPSR) >> 24 & 1) == 0) return Stop::undefined;  // not Thumb: a jump to an even address
  if (const std::uint32_t bytes = std::exchange(stale_bytes_, 0)) memory_changed(block_, bytes);
  failed_ = stopped_at_block_ = false;
  interrupt_ = -1;
  block_ = pc_now;
  block_instructions_ = block_bytes_ = 0;
  if (std::exchange(flush_, false)) uc_ctl_flush_tb(uc_);
  masks_ = masks();
  running_ = true;
  const uc_err error = uc_emu_start(uc_, pc_now | 1, 0xFFFFFFFF, 0, 0);
  running_ = false;
  if (failed_) {
    retire(bad.pc);
    restore_after_failure();
    settle_flash_writes();
    return failure_;
  }
  Stop stop = block_stop_;
  if (!stopped_at_block_) {
    stop = classify(error);
    retire(pc());
  }
  restore_after_failure();
  settle_flash_writes();
  return stop;
}

Stop Cpu::classify(uc_err error) {
  // Numbers of Unicorn's interrupt hook (QEMU's EXCP_…).
  enum { undefined = 1, supervisor_call = 2, prefetch_abort = 3, breakpoint = 7, exception_exit = 8, no_coprocessor = 17 };
  switch (interrupt_) {
    case supervisor_call: return Stop::supervisor_call;
    case breakpoint: return Stop::breakpoint;
    case exception_exit: return Stop::exception_return;
    case no_coprocessor: return Stop::no_coprocessor;
    case prefetch_abort: return Stop::fetch_error;
    case -1: break;
    default: return Stop::undefined;
  }
  switch (error) {
    case UC_ERR_READ_UNMAPPED:
    case UC_ERR_WRITE_UNMAPPED:
    case UC_ERR_READ_PROT:
    case UC_ERR_WRITE_PROT:
      return Stop::bus_error;
    case UC_ERR_FETCH_UNMAPPED:
    case UC_ERR_FETCH_PROT:
      return Stop::fetch_error;
    case UC_ERR_OK:
      return Stop::sleep;  // nothing else ends a run without a hook having asked for it
    default:
      break;
  }
  // WFE ends as an invalid instruction with the PC behind it.
  const std::uint8_t *before = memory(pc() - 2, 2);
  if (before && pc() - 2 - block_ < block_bytes_ && (half_at(before) == 0xBF20 || half_at(before) == 0xBF10))
    return Stop::wait;
  return Stop::undefined;
}

}  // namespace board
