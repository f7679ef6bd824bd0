// The Cortex-M4 core: Unicorn for the instructions, and what has to be watched while they run.
#pragma once

#include <unicorn/unicorn.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "polling.hpp"
#include "stack.hpp"

namespace board {

/// Why the core stopped executing.
enum class Stop : std::uint8_t {
  boundary,          // a deadline was reached; the next instruction has not begun
  polling,           // the next block begins a loop that only waits (see Polling)
  sleep,             // WFI
  wait,              // WFE
  supervisor_call,   // SVC; PC is behind it
  exception_return,  // a branch to EXC_RETURN; PC holds the value
  breakpoint,        // BKPT; PC is at it
  undefined,         // an instruction that does not exist (or the T bit is clear)
  no_coprocessor,    // FPU instruction while CPACR forbids it
  divide_by_zero,    // SDIV or UDIV while CCR.DIV_0_TRP is set
  unaligned,         // an access that must be aligned
  bus_error,         // nothing answers at the address
  fetch_error,       // nothing, or nothing executable, at the address of the instruction
  forbidden_access,  // the MPU refuses the access
  forbidden_fetch,   // the MPU refuses the instruction; `bad` has its address
};

/// The access that made the core stop.
struct BadAccess {
  std::uint32_t address = 0, pc = 0, value = 0;
  int size = 0;
  bool write = false;
};

/// What peripherals and system registers look like to the core. Implemented by the board.
class MemoryBus {
 public:
  virtual ~MemoryBus() = default;
  virtual std::uint32_t load(std::uint32_t address, int size) = 0;
  virtual void store(std::uint32_t address, int size, std::uint32_t value) = 0;
};

class Mpu;

class Cpu {
 public:
  explicit Cpu(MemoryBus &bus);
  ~Cpu();
  Cpu(const Cpu &) = delete;
  Cpu &operator=(const Cpu &) = delete;

  /// Makes [address, address + size) a window of the bus (multiples of 1 KB).
  void map_bus(std::uint32_t address, std::uint32_t size);
  /// What lies at address 0: flash (RM0090 2.4) or SRAM.
  void alias_zero_to_sram(bool sram);

  /// Executes from `pc` until something stops it. `pc()` is the next (or the offending) instruction afterwards.
  Stop run(std::uint32_t pc);
  /// Makes the core stop at the next basic block.
  void interrupt_soon() { deadline = 0; }

  std::uint32_t get(int reg) const;
  void set(int reg, std::uint32_t value);
  /// The instruction that is being executed, inside an access; else the one to be executed next.
  std::uint32_t pc() const { return get(UC_ARM_REG_PC) & ~1u; }

  /// Host memory behind RAM, flash or system memory; nullptr if the range is not wholly inside one of them.
  std::uint8_t *memory(std::uint32_t address, std::uint32_t size, bool write = false);
  /// Whether the last two blocks set SP to another place (see sets_stack_pointer).
  bool set_stack_pointer();
  /// Asked for the bytes of memory outside the chip; nullptr where there is none.
  std::function<std::uint8_t *(std::uint32_t address, std::uint32_t size)> external;
  /// For DMA and loaders that write to memory which may hold translated code.
  void memory_changed(std::uint32_t address, std::uint32_t size);
  /// SRAM and CCM after their supply was off: noise.
  void lose_memory();
  /// The length of the instruction at an address: 2 or 4.
  int instruction_size(std::uint32_t address);

  /// Marks the running access as failed: the instruction (and what follows it in its block) has no effect, and `run`
  /// returns `stop`.
  void fail_access(Stop stop, const BadAccess &access);
  bool failed() const { return failed_; }
  /// Asked after a store to the bus that wanted attention: is there an exception to take before the next instruction?
  std::function<bool()> preempted;
  /// Asked when the deadline lies inside the coming block: may an exception preempt it there? Then it does.
  std::function<bool()> may_preempt;
  void clear_exclusive();
  /// Looks at every division from now on (CCR.DIV_0_TRP).
  void trap_divisions(bool on);
  /// Asks the MPU about every access and every block from now on; nullptr: it is off.
  void protect(Mpu *mpu) { mpu_ = mpu; }
  Mpu *protection() const { return mpu_; }

  /// Cycles since power-on up to and including the running instruction.
  std::uint64_t cycles_now() const;
  std::uint64_t cycles = 0;    // up to the beginning of the running block
  std::uint64_t deadline = 0;  // `run` stops at the first block that begins at or after it
  std::uint64_t polled = 0;    // of `cycles`: spent in polling loops that were skipped
  bool fpu_enabled = false;
  bool trap_unaligned = false;  // CCR.UNALIGN_TRP
  bool watch_masks = false;     // stop when PRIMASK, BASEPRI or FAULTMASK changes (something pends behind them)
  bool event = false;           // the event register that WFE waits for; SEV sets it
  /// Called for a data access to the first KB of memory: a null pointer, unless it means the vector table.
  std::function<void(const BadAccess &)> on_null;
  /// Asked about each store to flash, inside the access: true if it has no effect (which has been reported then).
  std::function<bool(const BadAccess &)> refuses_flash_store;
  /// Called after the block of a store to flash that was not refused; memory has been put back, the flash interface changes it.
  std::function<void(const BadAccess &)> on_flash_write;

  /// An exception stacked its frame at `frame` on a task's stack that ends at `low`: a context switch that stores the other
  /// registers below the frame (STMDB from PSP) must stay above `low` too. `low` 0: no task's stack.
  void watch_task_save(std::uint32_t frame, std::uint32_t low);

  Stack stack;
  Polling polling{*this};
  BadAccess bad;

 private:
  friend class Polling;
  struct Region {
    std::uint32_t base, size;
    std::vector<std::uint8_t> bytes;
    bool writable;
  };
  struct Undo {
    std::uint32_t address;
    int size;
    std::uint64_t old;
  };
  struct BlockInfo {
    std::uint16_t bytes, instructions : 13, fpu : 1, sends_event : 1, exclusive : 1;
  };

  Region &add_memory(std::uint32_t base, std::uint32_t size, std::uint32_t permissions, std::uint8_t fill);
  void add_hooks();
  std::uint32_t first_fpu_instruction(std::uint32_t address, std::uint32_t size);
  BlockInfo inspect(std::uint32_t address, std::uint32_t size);
  std::uint32_t bytes_of(std::uint32_t address, std::uint64_t count);
  BlockInfo block_info(std::uint32_t address, std::uint32_t size);
  void retire(std::uint32_t pc);
  std::uint32_t masks() const;
  Stop classify(uc_err error);
  void leave_it_block();
  void check_task_save(std::uint32_t address);
  void on_memory(bool write, std::uint32_t address, int size, std::uint64_t value);
  void check_unaligned(const BadAccess &access);
  bool refuse(const BadAccess &access);
  bool refuse_block(std::uint32_t size);
  void remember_old(std::uint32_t address, int size);
  void restore_after_failure();
  bool is_flash(std::uint32_t address) const;
  void put_flash_back(std::uint32_t size);
  void store_to_flash(const BadAccess &access);
  void settle_flash_writes();
  static std::uint64_t bus_load(uc_engine *, std::uint64_t offset, unsigned size, void *window);
  static void bus_store(uc_engine *, std::uint64_t offset, unsigned size, std::uint64_t value, void *window);

  void cut_after_store();
  void cut_before_access();
  static void division_hook(uc_engine *, std::uint64_t address, std::uint32_t size, void *self);
  static void block_hook(uc_engine *, std::uint64_t address, std::uint32_t size, void *self);
  static void memory_hook(uc_engine *, uc_mem_type, std::uint64_t address, int size, std::int64_t value, void *self);
  static bool invalid_memory_hook(uc_engine *, uc_mem_type, std::uint64_t address, int size, std::int64_t value, void *self);
  static bool invalid_instruction_hook(uc_engine *, void *self);
  static void interrupt_hook(uc_engine *, std::uint32_t number, void *self);

  MemoryBus &bus_;
  uc_engine *uc_ = nullptr;
  std::vector<std::unique_ptr<Region>> regions_;
  std::vector<BlockInfo> flash_blocks_;
  std::pair<std::uint32_t, std::uint32_t> last_block_;  // the one executed before block_: address and bytes
  std::uint32_t block_ = 0, block_size_ = 0, block_bytes_ = 0, block_instructions_ = 0, masks_ = 0;
  bool running_ = false, stopped_at_block_ = false, failed_ = false, sram_at_zero_ = false;
  int interrupt_ = -1;  // number given to interrupt_hook
  Stop failure_ = Stop::boundary, block_stop_ = Stop::boundary;
  Mpu *mpu_ = nullptr;
  static constexpr std::uint32_t no_cut = 0xFFFFFFFF;
  std::uint32_t cut_ = no_cut;  // the instruction inside the running block at which the deadline falls
  bool exclusive_ = false;      // an LDREX may have set the monitor
  std::uint32_t stale_bytes_ = 0;  // of the coming block, which has to be translated again
  std::uint32_t it_state_ = 0;  // ITSTATE of the running access
  bool flush_ = false, resynchronise_ = false;
  uc_hook division_hook_ = 0;
  std::array<std::uint32_t, 17> saved_{};
  std::array<std::uint32_t, 7> saved_special_{};
  std::array<std::uint64_t, 16> saved_floats_{};
  std::vector<Undo> undo_;
  std::uint32_t save_low_ = 0, save_span_ = 0, save_frame_ = 0;
  Stack::Region save_region_;
  std::vector<BadAccess> flash_writes_;
  std::vector<std::unique_ptr<std::pair<Cpu *, std::uint32_t>>> windows_;
};

/// Registers r0..r12, sp, lr, pc, xpsr in Unicorn's numbering.
extern const std::array<int, 17> core_registers;

}  // namespace board
