#include "fsmc.hpp"

#include <algorithm>

#include "../core/core.hpp"

namespace board {
namespace {

enum Bcr : std::uint32_t { MBKEN = 1, MUXEN = 2, FACCEN = 1 << 6, fixed = 1 << 7, BURSTEN = 1 << 8, WREN = 1 << 12,
                           WAITEN = 1 << 13, EXTMOD = 1 << 14, ASYNCWAIT = 1 << 15, CBURSTRW = 1 << 19 };
constexpr std::uint32_t reset_control[4] = {0x30DB, 0x30D2, 0x30D2, 0x30D2}, reset_timing = 0x0FFFFFFF;  // 36.5.6

enum Memory : std::uint32_t { sram = 0, psram = 1, nor = 2 };
std::uint32_t memory_type(std::uint32_t control) { return control >> 2 & 3; }

std::string bank_name(int bank) { return "bank 1 region " + std::to_string(bank + 1); }
std::string bcr(int bank) { return "BCR" + std::to_string(bank + 1); }

}  // namespace

Fsmc::Fsmc(Board &owner, const PeripheralInfo &info)
    : Peripheral(owner, info),
      read_(owner.pins.signal("FSMC_NOE")),
      write_(owner.pins.signal("FSMC_NWE")),
      valid_(owner.pins.signal("FSMC_NL")) {
  const auto fill = [&owner](auto &list, const std::string &name, int first) {
    for (std::size_t n = 0; n < list.size(); ++n) list[n] = &owner.pins.signal("FSMC_" + name + std::to_string(static_cast<int>(n) + first));
  };
  fill(select_, "NE", 1);
  fill(data_, "D", 0);
  fill(address_, "A", 0);
  fill(lane_, "NBL", 0);
  for (const auto &one : owner.plan("fsmc"))
    banks_[static_cast<std::size_t>(std::clamp(one.value("bank", 1), 1, 4) - 1)].device = make_external_device(owner, one);
}

void Fsmc::reset() {
  Peripheral::reset();
  for (int n = 0; n < 4; ++n) {
    set(control_at(n), reset_control[n]);
    set(timing_at(n), reset_timing);
    set(control_at(n) + write_timing, reset_timing);
  }
}

void Fsmc::write(std::uint32_t offset, std::uint32_t data) {
  if (offset >= nand_and_card && offset < write_timing) {
    const RegisterInfo *reg = info().at(offset);
    return unsupported(std::string(reg ? reg->name : "a register") + " (NAND flash and PC card)");
  }
  store(offset, data);
  if (offset < timing_at(3) && offset % 8 == 0) set_bits(offset, fixed);
}

void Fsmc::misuse(int bank, const std::string &text, Severity severity) { finding("fsmc_misuse", text, control_at(bank), severity); }

bool Fsmc::refuse(int bank, const std::string &why) {
  refusal_ = "the FSMC answers with an AHB error, because " + bank_name(bank) + " " + why;
  return false;
}

/// 36.3: a region that is off, NOR flash without FACCEN, and a write without WREN (36.5.6) end in an AHB error.
bool Fsmc::answers(int bank, bool write) {
  const std::uint32_t bits = control(bank);
  if ((bits & MBKEN) == 0) return refuse(bank, "is not enabled: set MBKEN in FSMC_" + bcr(bank) + " (RM0090 36.3, 36.5.6)");
  if (memory_type(bits) == nor && (bits & FACCEN) == 0) return refuse(bank, "is NOR flash with FACCEN = 0 in FSMC_" + bcr(bank) + " (RM0090 36.3)");
  if (write && (bits & WREN) == 0) return refuse(bank, "may not be written: WREN is 0 in FSMC_" + bcr(bank) + " (RM0090 36.5.6)");
  if (bits & (BURSTEN | CBURSTRW)) unsupported(bcr(bank) + ".BURSTEN or CBURSTRW (synchronous accesses)");
  if ((bits & WAITEN) != 0 && (bits & ASYNCWAIT) != 0) unsupported(bcr(bank) + ".ASYNCWAIT (a device that stretches accesses)");
  return true;
}

/// What is told once about the device behind a region.
void Fsmc::look_at_device(int bank, bool write) {
  Bank &one = banks_[static_cast<std::size_t>(bank)];
  if (std::exchange(one.remarked, true)) return;
  const int wide = static_cast<int>(8 * width(bank));
  if (!one.device)
    return misuse(bank, "an access to " + bank_name(bank) + ": nothing is connected there; reads give ones, writes are lost", Severity::note);
  one.device->settle(wide);
  if ((control(bank) >> 4 & 3) > 1 || memory_type(control(bank)) == 3)
    misuse(bank, "MWID or MTYP in " + bcr(bank) + " holds a reserved code (RM0090 36.5.6)");
  if (wide != one.device->bits())
    misuse(bank, bank_name(bank) + " has a bus of " + std::to_string(wide) + " bits (MWID in " + bcr(bank) + "), but the device there has " +
                     std::to_string(one.device->bits()) + " data lines (RM0090 36.3.1, 36.5.6)",
           wide < one.device->bits() ? Severity::error : Severity::note);
  const std::uint32_t timing = value(write && (control(bank) & EXTMOD) ? control_at(bank) + write_timing : timing_at(bank));
  if ((timing >> 8 & 0xFF) == 0) misuse(bank, "DATAST is 0 for " + bank_name(bank) + ": that code is reserved (RM0090 36.5.6)", Severity::note);
}

/// Do the chip select and the strobe reach the device?
bool Fsmc::connected(int bank, bool write) {
  const std::string what = std::string("the FSMC ") + (write ? "writes to " : "reads from ") + bank_name(bank);
  bool all = select_[static_cast<std::size_t>(bank)]->require(what, severity(bank));
  all = (write ? write_ : read_).require(what, severity(bank)) && all;
  // The lower address lines go over the data lines, and a device that looks at them has to be told when (36.5.4).
  const bool low_lines = device(bank) && (device(bank)->address_lines() & 0xFFFF) != 0;
  if ((control(bank) & MUXEN) != 0 && low_lines)
    all = valid_.require(what + " with multiplexed address and data (MUXEN = 1 in " + bcr(bank) + ")", severity(bank)) && all;
  return all;
}

/// The address as the device sees it: a line that no pin carries reads as low there. A line is asked for when it has to be
/// high, since a board may tie those that its firmware never raises.
std::uint32_t Fsmc::lines(int bank, std::uint32_t address) {
  const std::string what = "the FSMC raises address line A";
  const std::uint32_t wanted = address & device(bank)->address_lines();
  std::uint32_t seen = wanted;
  const int first = control(bank) & MUXEN ? static_cast<int>(8 * width(bank)) : 0;  // 36.5: AD lines carry the lower ones
  for (int n = first; n < 26; ++n)
    if ((wanted >> n & 1) != 0 && !address_[static_cast<std::size_t>(n)]->require(what + std::to_string(n) + " for " + bank_name(bank)))
      seen &= ~(1u << n);
  return seen;
}

/// The data lines between region and device, as a mask.
std::uint16_t Fsmc::data_lines(int bank) {
  const std::size_t count = std::min<std::size_t>(8 * width(bank), device(bank) ? static_cast<std::size_t>(device(bank)->bits()) : 16);
  std::uint16_t mask = 0;
  for (std::size_t n = 0; n < count; ++n)
    if (data_[n]->require("the FSMC transfers data with " + bank_name(bank), severity(bank)))
      mask = static_cast<std::uint16_t>(mask | 1u << n);
  return mask;
}

/// Which bytes of its word a write of 1 or 2 bytes changes: NBL0 and NBL1 tell a memory of 16 bits (36.3.1).
unsigned Fsmc::lanes(int bank, std::uint32_t address, std::uint32_t bytes) {
  if (width(bank) == 1) return 1;
  if (bytes == 2 || !device(bank)->reads_are_pure()) return 3;  // a display has no byte lanes
  if (memory_type(control(bank)) == nor)
    misuse(bank, "a byte is written to " + bank_name(bank) + ", NOR flash of 16 bits (MTYP in " + bcr(bank) +
                     "): there are no byte lanes then (RM0090 36.3.1)");
  bool known = true;
  for (Signal *lane : lane_) known = lane->require("the FSMC writes a byte to " + bank_name(bank) + ", of 16 bits") && known;
  return known ? 1u << (address & 1) : 3;
}

/// ADDSET and DATAST in periods of HCLK, and the cycles around them (36.5.4); no claim of accuracy.
void Fsmc::spend_time(int bank, bool write) {
  if (board.events.running() != never) return;  // DMA: the core goes on
  const std::uint32_t timing = value(write && (control(bank) & EXTMOD) ? control_at(bank) + write_timing : timing_at(bank));
  board.core().exceptions.spend((timing & 15) + (timing >> 8 & 0xFF) + 2);
}

/// One transfer on the outer bus, of at most the region's width.
void Fsmc::transfer(int bank, std::uint32_t address, std::uint32_t bytes, bool write, std::uint32_t &value) {
  spend_time(bank, write);
  const bool reaches = connected(bank, write);
  const std::uint16_t mask = data_lines(bank);
  ExternalDevice *there = reaches ? device(bank) : nullptr;
  const std::uint32_t offset = address & 0x03FFFFFF, line = width(bank) == 2 ? offset >> 1 : offset;  // 36.4.1
  const std::uint32_t shift = width(bank) == 2 ? 8 * (offset & 1) : 0;
  if (write) {
    // The core puts a byte on all lanes.
    const std::uint32_t data = bytes == 1 ? (value & 0xFF) * 0x0101 : value;
    if (there) there->write(lines(bank, line), static_cast<std::uint16_t>(data & mask), lanes(bank, address, bytes));
    return;
  }
  const std::uint32_t data = there ? there->read(lines(bank, line)) & mask : 0xFFFF;
  value = data >> shift & (bytes == 1 ? 0xFF : 0xFFFF);
}

bool Fsmc::load_memory(std::uint32_t address, int size, std::uint32_t &value) {
  value = 0;
  const int bank = bank_of(address);
  if (!answers(bank, false)) return false;
  look_at_device(bank, false);
  for (std::uint32_t done = 0; done < static_cast<std::uint32_t>(size);) {
    const std::uint32_t at = address + done, left = static_cast<std::uint32_t>(size) - done;
    const std::uint32_t bytes = width(bank) == 2 && (at & 1) == 0 && left >= 2 ? 2 : 1;
    std::uint32_t part = 0;
    transfer(bank, at, bytes, false, part);
    value |= part << 8 * done;
    done += bytes;
  }
  return true;
}

bool Fsmc::store_memory(std::uint32_t address, int size, std::uint32_t value) {
  const int bank = bank_of(address);
  if (!answers(bank, true)) return false;
  look_at_device(bank, true);
  for (std::uint32_t done = 0; done < static_cast<std::uint32_t>(size);) {
    const std::uint32_t at = address + done, left = static_cast<std::uint32_t>(size) - done;
    const std::uint32_t bytes = width(bank) == 2 && (at & 1) == 0 && left >= 2 ? 2 : 1;
    std::uint32_t part = value >> 8 * done & (bytes == 2 ? 0xFFFF : 0xFF);
    transfer(bank, at, bytes, true, part);
    done += bytes;
  }
  return true;
}

bool Fsmc::reads_are_pure(std::uint32_t address) const {
  const ExternalDevice *there = device(bank_of(address));
  return !there || there->reads_are_pure();
}

std::uint8_t *Fsmc::bytes(std::uint32_t address, std::uint32_t size) {
  if (!is_external(address) || !clocked() || held_in_reset()) return nullptr;
  const int bank = bank_of(address);
  ExternalDevice *there = device(bank);
  if (!there || (control(bank) & MBKEN) == 0 || there->bits() != static_cast<int>(8 * width(bank))) return nullptr;
  return there->bytes(address & 0x03FFFFFF, size);
}

void Fsmc::report(nlohmann::json &report) {
  const auto &asked = board.plan("pixels");
  for (int bank = 0; bank < 4; ++bank) {
    if (!device(bank)) continue;
    const std::string key = std::to_string(bank + 1);
    report["fsmc"][key] = device(bank)->report(asked.is_object() && asked.contains(key) ? asked.at(key) : nlohmann::json::array());
    const auto *display = dynamic_cast<const Display *>(device(bank));
    if (display && display->never_got_data()) remark_no_data(bank, display->select_line());
  }
}

/// The most frequent mistake with displays: on a bus of 16 bits every line is one bit further up in the address (36.4.1).
void Fsmc::remark_no_data(int bank, int line) {
  const int bits = static_cast<int>(8 * width(bank));
  Finding note;
  note.kind = "fsmc_misuse", note.severity = Severity::note, note.peripheral = name();
  note.text = "the display in " + bank_name(bank) + " was sent commands only: its data is selected by A" + std::to_string(line) + ", which is bit " +
              std::to_string(bits == 16 ? line + 1 : line) + " of the address on a bus of " + std::to_string(bits) + " bits (RM0090 36.4.1)";
  board.findings.add_at(first_write, std::move(note));
}

std::unique_ptr<Peripheral> make_fsmc(Board &board, const PeripheralInfo &info) { return std::make_unique<Fsmc>(board, info); }

}  // namespace board
