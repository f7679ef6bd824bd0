#include "flash.hpp"

#include <cstring>

#include "../core/core.hpp"

namespace board {
namespace {

enum : std::uint32_t { ACR = 0x00, KEYR = 0x04, OPTKEYR = 0x08, SR = 0x0C, CR = 0x10, OPTCR = 0x14 };
enum : std::uint32_t { PG = 1 << 0, SER = 1 << 1, MER = 1 << 2, STRT = 1 << 16, EOPIE = 1 << 24, LOCK = 1u << 31 };
enum : std::uint32_t { EOP = 1 << 0, WRPERR = 1 << 4, PGAERR = 1 << 5, PGPERR = 1 << 6, PGSERR = 1 << 7, BSY = 1 << 16 };
constexpr std::uint32_t flash_base = 0x08000000, flash_size = 1 << 20;
constexpr Time program_time = 16 * microsecond;  // DS8626 table 41, typical

struct Sector {
  std::uint32_t start, size;
  Time erase_time;  // x32, typical
};

Sector sector(unsigned number) {  // RM0090 table 5
  if (number < 4) return {number * 0x4000, 0x4000, 250 * millisecond};
  if (number == 4) return {0x10000, 0x10000, 550 * millisecond};
  return {(number - 4) * 0x20000, 0x20000, 1000 * millisecond};
}

}  // namespace

Flash::Flash(Board &b, const PeripheralInfo &info) : Peripheral(b, info), done_(b.events, [this] { finish(); }) {
  b.core().cpu.refuses_flash_store = [this](const BadAccess &access) { return refuses(access); };
  b.core().cpu.on_flash_write = [this](const BadAccess &access) { program(access); };
}

void Flash::reset() {
  Peripheral::reset();
  keys_ = 0;
  done_.cancel();
  interrupt(Board::irq("FLASH"), false);
}

void Flash::check_wait_states() {
  // 2.7 V to 3.6 V: one wait state for each full 30 MHz (3.5.1, table 10).
  const std::uint32_t latency = value(ACR) & 7, hclk = board.clocks.hclk, needed = (hclk - 1) / 30'000'000;
  if (latency >= needed) return;
  finding("flash_wait_states",
          "HCLK is " + std::to_string(hclk / 1'000'000) + " MHz with FLASH_ACR.LATENCY = " + std::to_string(latency) + ": " +
              std::to_string(needed) + " wait states are needed at 3.3 V, set before the clock is raised (RM0090 3.5.1, table 10)",
          ACR);
}

void Flash::write(std::uint32_t offset, std::uint32_t data) {
  switch (offset) {
    case ACR:
      store(ACR, data);
      return check_wait_states();
    case KEYR: return write_key(data);
    case OPTKEYR:
    case OPTCR: return unsupported("programming of option bytes");
    case SR:
      clear_bits(SR, data & 0xF3);  // write one to clear
      return interrupt(Board::irq("FLASH"), false);
    case CR: return write_control(data);
    default: store(offset, data);
  }
}

/// The unlock sequence (3.6.1); a wrong key locks CR until the next reset.
void Flash::write_key(std::uint32_t key) {
  constexpr std::uint32_t keys[] = {0x45670123, 0xCDEF89AB};
  if (keys_ < 2 && key == keys[keys_]) {
    if (++keys_ == 2) clear_bits(CR, LOCK), keys_ = 0;
    return;
  }
  keys_ = 2;
  finding("flash_misuse", "a wrong key or order at FLASH_KEYR: the control register stays locked until the next reset (RM0090 3.6.1)", KEYR);
}

void Flash::write_control(std::uint32_t data) {
  if ((value(CR) & LOCK) != 0) {
    if (((data ^ value(CR)) & info().at(CR)->writable & ~LOCK) != 0)
      finding("flash_misuse", "write to FLASH_CR while it is locked: write the two keys to FLASH_KEYR first (RM0090 3.6.1)", CR);
    return;
  }
  store(CR, data);
  if ((data & STRT) != 0) {
    clear_bits(CR, STRT);
    erase(data);
  }
}

void Flash::erase(std::uint32_t control) {
  if ((control & (SER | MER)) == 0 || (value(SR) & BSY) != 0) return;
  Sector range = sector(control >> 3 & 15);
  if ((control & MER) != 0) range = {0, flash_size, 16 * second};
  if ((control >> 3 & 15) > 11 && (control & MER) == 0) return set_bits(SR, PGSERR);
  Cpu &cpu = board.core().cpu;
  if (std::uint8_t *bytes = cpu.memory(flash_base + range.start, range.size)) std::memset(bytes, 0xFF, range.size);
  cpu.memory_changed(flash_base + range.start, range.size);
  set_bits(SR, BSY);
  done_.at(board.now() + range.erase_time);
}

/// A store while nothing may be programmed (3.6.3). A firmware may do millions of them: repeated ones are only counted.
bool Flash::refuses(const BadAccess &access) {
  if ((value(CR) & (PG | LOCK)) == PG) return false;
  set_bits(SR, PGSERR);
  // Flash is also seen at 0 (2.4): a store there is one through a null pointer.
  const bool null = access.address < 0x400;
  if (refused_ != nowhere && refused_pc_ == access.pc && refused_null_ == null) {
    board.findings.again(refused_);
    return true;
  }
  Finding finding;
  finding.kind = null ? "null_access" : "write_to_flash";
  finding.text = "store of " + std::to_string(access.size) + " bytes to " + (null ? "" : "flash at ") + hex(access.address) +
                 (null ? " through a null pointer (plus an offset): " : ": ") +
                 "flash is not written by a store unless FLASH_CR.PG is set (RM0090 3.6.3); the store has no effect";
  finding.address = access.address;
  refused_ = board.findings.add_at(access.pc, std::move(finding));
  refused_pc_ = access.pc;
  refused_null_ = null;
  return true;
}

/// A store to flash memory (3.6.3): bits go from one to zero only, in the width that PSIZE says.
void Flash::program(const BadAccess &access) {
  const std::uint32_t control = value(CR);
  const int width = 1 << (control >> 8 & 3);
  if (width != access.size) {
    set_bits(SR, PGPERR);
    return finding("flash_misuse", "a store of " + std::to_string(access.size) + " bytes while PSIZE says " + std::to_string(width) + " (RM0090 3.6.2)", CR);
  }
  std::uint8_t *bytes = board.core().cpu.memory(access.address, static_cast<std::uint32_t>(width));
  for (int i = 0; bytes && i < width && i < 4; ++i) bytes[i] &= static_cast<std::uint8_t>(access.value >> 8 * i);
  set_bits(SR, BSY);
  done_.at(board.now() + program_time);
}

void Flash::finish() {
  clear_bits(SR, BSY);
  if ((value(CR) & EOPIE) != 0) set_bits(SR, EOP);  // EOP is set only with its interrupt enabled (3.9.4)
  interrupt(Board::irq("FLASH"), (value(SR) & EOP) != 0);
}

std::unique_ptr<Peripheral> make_flash(Board &board, const PeripheralInfo &info) { return std::make_unique<Flash>(board, info); }

}  // namespace board
