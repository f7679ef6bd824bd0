// The memory protection unit (PM0214 4.2; Armv7-M B3.5): eight regions over the default memory map.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

namespace board {

class Board;

class Mpu {
 public:
  enum class Access : std::uint8_t { read, write, fetch };

  explicit Mpu(Board &board) : board_(board) {}

  void reset();
  /// RNR, RBAR, RASR and their aliases, TYPE and CTRL; `offset` from 0xE000E000, 0xD90 to 0xDB8.
  std::uint32_t load(std::uint32_t offset) const;
  void store(std::uint32_t offset, std::uint32_t value);
  bool enabled() const { return (control_ & 1) != 0; }

  /// Would the core refuse this access now? `user`: it is made as unprivileged code makes it, whatever the mode is.
  bool forbids(std::uint32_t address, std::uint32_t size, Access access, bool user);
  /// As `forbids`, with the mode and the instruction (LDRT, STRT) of the running access.
  bool forbids_now(std::uint32_t address, std::uint32_t size, Access access);
  /// The first address of a block of code that must not be executed; `nowhere` if all of it may be.
  std::uint32_t forbidden_code(std::uint32_t address, std::uint32_t size);
  static constexpr std::uint32_t nowhere = 0xFFFFFFFF;
  /// "region 3 (0x20001000, 32 bytes) is read-only": what forbids an access there.
  std::string reason(std::uint32_t address, Access access) const;
  /// Called at each block of code while the unit is on: has the barrier come that the manual asks for?
  void watch_barrier(std::uint32_t block);

 private:
  struct Region {
    std::uint32_t base = 0, attributes = 0;  // RBAR, RASR
    std::uint32_t written_by = 0;            // the instruction
    // Made from the two:
    std::uint32_t start = 0, last = 0;
    std::uint8_t rights = 0;
    bool on = false;
  };
  bool contains(const Region &region, std::uint32_t address) const;
  int region_at(std::uint32_t address) const;
  std::uint8_t rights_at(std::uint32_t address) const;
  std::uint8_t default_rights(std::uint32_t address) const;
  bool stands_aside() const;
  bool unprivileged_access() const;
  void store_base(int number, std::uint32_t value);
  void store_attributes(std::uint32_t value);
  void store_control(std::uint32_t value);
  void settle(Region &region) const;
  void check(int number);
  void misconfigured(std::uint32_t pc, const char *name, std::uint32_t address, const std::string &text);

  Board &board_;
  std::array<Region, 8> regions_{};
  std::uint32_t control_ = 0;
  int number_ = 0;                // RNR
  std::uint32_t enabled_by_ = 0;  // the instruction that switched the unit on
  int blocks_left_ = 0;           // in which the barrier may still come
};

}  // namespace board
