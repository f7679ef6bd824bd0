#include "mpu.hpp"

#include <algorithm>

#include "core.hpp"
#include "thumb.hpp"

namespace board {
namespace {

enum Control : std::uint32_t { ENABLE = 1, HFNMIENA = 2, PRIVDEFENA = 4 };
enum Attribute : std::uint32_t { XN = 1u << 28 };
enum Right : std::uint8_t { kernel_reads = 1, kernel_writes = 2, user_reads = 4, user_writes = 8, executes = 16 };
constexpr std::uint32_t ppb_base = 0xE0000000, ppb_size = 0x100000;
constexpr std::uint32_t type_offset = 0xD90, control_offset = 0xD94, number_offset = 0xD98, base_offset = 0xD9C;
constexpr int blocks_until_barrier = 4;

/// 4.2.1, table of AP: what each code allows. 4 is reserved.
constexpr std::uint8_t access_rights[] = {0,
                                          kernel_reads | kernel_writes,
                                          kernel_reads | kernel_writes | user_reads,
                                          kernel_reads | kernel_writes | user_reads | user_writes,
                                          0,
                                          kernel_reads,
                                          kernel_reads | user_reads,
                                          kernel_reads | user_reads};

std::uint32_t size_field(std::uint32_t attributes) { return attributes >> 1 & 0x1F; }

std::string size_text(std::uint32_t field) {
  if (field >= 31) return "4 GB";
  const std::uint32_t size = 2u << field;
  return size >= 1u << 20 ? std::to_string(size >> 20) + " MB" : size >= 1024 ? std::to_string(size >> 10) + " KB" : std::to_string(size) + " bytes";
}

const char *access_name(std::uint32_t code) {
  static const char *const names[] = {"closed to all (AP 0)",
                                      "for privileged code only (AP 1)",
                                      "read-only for unprivileged code (AP 2)",
                                      "open to all (AP 3)",
                                      "given the reserved AP 4",
                                      "read-only, for privileged code only (AP 5)",
                                      "read-only (AP 6)",
                                      "read-only (AP 7)"};
  return names[code & 7];
}

}  // namespace

void Mpu::reset() {
  regions_ = {};
  control_ = 0;
  number_ = blocks_left_ = 0;
}

std::uint32_t Mpu::load(std::uint32_t offset) const {
  const Region &region = regions_[static_cast<std::size_t>(number_)];
  switch (offset) {
    case type_offset: return 0x800;  // eight regions, unified (4.2.5)
    case control_offset: return control_;
    case number_offset: return static_cast<std::uint32_t>(number_);
    default: break;
  }
  if (offset < base_offset || offset >= base_offset + 32) return 0;
  return (offset - base_offset) % 8 == 0 ? region.base | static_cast<std::uint32_t>(number_) : region.attributes;
}

void Mpu::store(std::uint32_t offset, std::uint32_t value) {
  if (offset == control_offset) return store_control(value);
  if (offset == number_offset) {
    if ((value & 0xFF) > 7)
      misconfigured(board_.pc(), "RNR", offset, "RNR selects region " + std::to_string(value & 0xFF) + ": there are 0 to 7 (PM0214 4.2.5, 4.2.7)");
    number_ = static_cast<int>(value & 7);
    return;
  }
  if (offset < base_offset || offset >= base_offset + 32) return;
  if ((offset - base_offset) % 8 != 0) return store_attributes(value);
  if ((value & 0x10) != 0 && (value & 0xF) > 7)
    misconfigured(board_.pc(), "RBAR", offset, "RBAR.REGION selects region " + std::to_string(value & 0xF) + ": there are 0 to 7 (PM0214 4.2.5, 4.2.8)");
  if ((value & 0x10) != 0) number_ = static_cast<int>(value & 7);  // VALID
  store_base(number_, value);
}

void Mpu::store_base(int number, std::uint32_t value) {
  Region &region = regions_[static_cast<std::size_t>(number)];
  region.base = value & ~0x1Fu;
  region.written_by = board_.pc();
  settle(region);
}

void Mpu::store_attributes(std::uint32_t value) {
  Region &region = regions_[static_cast<std::size_t>(number_)];
  region.attributes = value & 0x173FFF3F;
  region.written_by = board_.pc();
  settle(region);
  if ((value & 1) != 0) check(number_);
}

/// A region lies at a multiple of its size: the address bits below are not looked at (4.2.8).
void Mpu::settle(Region &region) const {
  const std::uint32_t field = size_field(region.attributes);
  const std::uint32_t mask = field >= 31 ? ~0u : (2u << field) - 1;
  region.start = region.base & ~mask;
  region.last = region.start + mask;
  region.on = (region.attributes & 1) != 0 && field >= 4;
  region.rights = access_rights[region.attributes >> 24 & 7];
  if ((region.attributes & XN) == 0) region.rights |= executes;
}

void Mpu::misconfigured(std::uint32_t pc, const char *name, std::uint32_t offset, const std::string &text) {
  Finding finding;
  finding.kind = "mpu_misconfigured";
  finding.text = text;
  finding.peripheral = "MPU", finding.register_name = name, finding.address = 0xE000E000 + offset;
  board_.findings.add_at(pc, std::move(finding));
}

/// What the manual leaves open or the unit does otherwise than the code means.
void Mpu::check(int number) {
  const Region &region = regions_[static_cast<std::size_t>(number)];
  const std::uint32_t field = size_field(region.attributes);
  const std::string name = "region " + std::to_string(number);
  if (field < 4)
    return misconfigured(region.written_by, "RASR", 0xDA0,
                         name + " is enabled with RASR.SIZE = " + std::to_string(field) + " (" + size_text(field) +
                             "): a region has 32 bytes at least, SIZE = 4; its size is 2 to the power of SIZE + 1 (PM0214 4.2.9)");
  if (region.base != region.start)
    misconfigured(region.written_by, "RBAR", base_offset,
                  name + " begins at " + hex(region.base) + " and has " + size_text(field) + ": its base must be a multiple of its size, so it lies at " +
                      hex(region.start) + " to " + hex(region.last) + " (PM0214 4.2.8)");
  if (field < 7 && (region.attributes >> 8 & 0xFF) != 0)
    misconfigured(region.written_by, "RASR", 0xDA0,
                  name + " has " + size_text(field) + " and RASR.SRD is not 0: only regions of 256 bytes or more have sub-regions (PM0214 4.2.9)");
  if ((region.attributes >> 24 & 7) == 4)
    misconfigured(region.written_by, "RASR", 0xDA0, name + " has the reserved access permission AP = 4 (PM0214 4.2.1)");
}

void Mpu::store_control(std::uint32_t value) {
  const bool was = enabled();
  control_ = value & 7;
  board_.core().cpu.protect(enabled() ? this : nullptr);
  if ((value & 3) == HFNMIENA)
    misconfigured(board_.pc(), "CTRL", control_offset, "CTRL.HFNMIENA is set while ENABLE is 0: the result is unpredictable (PM0214 4.2.6)");
  if (!enabled() || was) return;
  enabled_by_ = board_.pc();
  blocks_left_ = blocks_until_barrier;
  const bool any = std::any_of(regions_.begin(), regions_.end(), [](const Region &region) { return region.on; });
  const auto at = enabled_by_;
  if ((rights_at(at) & executes) != 0 && (rights_at(at) & kernel_reads) != 0) return;
  misconfigured(at, "CTRL", control_offset,
                std::string("the MPU is switched on with PRIVDEFENA = 0 and ") +
                    (any ? "no region that lets the running code at " + hex(at) + " be executed" : "no region enabled") +
                    ": the next instruction cannot be fetched (MemManage fault); set PRIVDEFENA or give the code a region (PM0214 4.2.6)");
}

/// 4.2.3: DSB and ISB behind the change of the map, so that it holds for what follows. An ISB ends a block of code.
void Mpu::watch_barrier(std::uint32_t block) {
  if (blocks_left_ == 0) return;
  const std::uint8_t *before = board_.core().cpu.memory(block - 4, 4);
  if (before && half_at(before) == 0xF3BF && (half_at(before + 2) & 0xFFF0) == 0x8F60) blocks_left_ = 0;
  else if (--blocks_left_ > 0) return;
  else {
    Finding note;
    note.kind = "mpu_no_barrier";
    note.severity = Severity::note;
    note.text = "the MPU is switched on without DSB and ISB behind it: instructions that the core has fetched already run under the old map "
                "(PM0214 4.2.3)";
    note.peripheral = "MPU", note.register_name = "CTRL", note.address = 0xE000E000 + control_offset;
    board_.findings.add_at(enabled_by_, std::move(note));
  }
}

// ---- the map ----

bool Mpu::contains(const Region &region, std::uint32_t address) const {
  if (!region.on || address < region.start || address > region.last) return false;
  const std::uint32_t field = size_field(region.attributes);
  if (field < 7) return true;
  const std::uint32_t part = (address - region.start) >> (field - 2);  // an eighth
  return (region.attributes >> (8 + part) & 1) == 0;
}

/// The highest number wins; -1: none.
int Mpu::region_at(std::uint32_t address) const {
  for (int number = 7; number >= 0; --number)
    if (contains(regions_[static_cast<std::size_t>(number)], address)) return number;
  return -1;
}

/// The background map: all may be read and written, but code does not run from peripherals and devices (Armv7-M B3.1).
std::uint8_t Mpu::default_rights(std::uint32_t address) const {
  const bool never = (address >= 0x40000000 && address < 0x60000000) || address >= 0xA0000000;
  return static_cast<std::uint8_t>(kernel_reads | kernel_writes | user_reads | user_writes | (never ? 0 : executes));
}

std::uint8_t Mpu::rights_at(std::uint32_t address) const {
  // The core's own peripherals are out of its reach (Armv7-M B3.5.1).
  if (address - ppb_base < ppb_size) return default_rights(address);
  const int number = region_at(address);
  if (number >= 0) {
    const std::uint8_t rights = regions_[static_cast<std::size_t>(number)].rights;
    return address >= ppb_base ? static_cast<std::uint8_t>(rights & ~executes) : rights;
  }
  if ((control_ & PRIVDEFENA) == 0) return 0;
  return static_cast<std::uint8_t>(default_rights(address) & ~(user_reads | user_writes));
}

/// HardFault, NMI and FAULTMASK run without the unit unless HFNMIENA is set (4.2.6).
bool Mpu::stands_aside() const {
  auto &core = board_.core();
  return (control_ & HFNMIENA) == 0 && core.nvic.execution_priority(core.exceptions.masks()) < 0;
}

bool Mpu::forbids(std::uint32_t address, std::uint32_t size, Access access, bool user) {
  const auto wanted = static_cast<std::uint8_t>(access == Access::write ? (user ? user_writes : kernel_writes)
                                                : (user ? user_reads : kernel_reads) | (access == Access::fetch ? executes : 0));
  if ((rights_at(address) & wanted) == wanted && (rights_at(address + size - 1) & wanted) == wanted) return false;
  return !stands_aside();
}

/// LDRT, STRT and their kin access as unprivileged code does (Armv7-M A4.6).
bool Mpu::unprivileged_access() const {
  auto &core = board_.core();
  if (core.exceptions.unprivileged()) return true;
  const std::uint8_t *code = core.cpu.memory(core.cpu.pc(), 4);
  return code && (half_at(code) & 0xFE80) == 0xF800 && (half_at(code + 2) & 0x0F00) == 0x0E00;
}

bool Mpu::forbids_now(std::uint32_t address, std::uint32_t size, Access access) {
  // What unprivileged code may do, privileged code may too: most accesses need no look at the mode.
  const auto wanted = static_cast<std::uint8_t>(access == Access::write ? user_writes : user_reads);
  if ((rights_at(address) & rights_at(address + size - 1) & wanted) != 0) return false;
  return forbids(address, size, access, unprivileged_access());
}

std::uint32_t Mpu::forbidden_code(std::uint32_t address, std::uint32_t size) {
  const bool user = board_.core().exceptions.unprivileged();
  constexpr std::uint32_t smallest = 32;  // bytes of a region
  for (std::uint32_t at = address; at < address + size; at = (at & ~(smallest - 1)) + smallest)
    if (forbids(at, 1, Access::fetch, user)) return at;
  return nowhere;
}

std::string Mpu::reason(std::uint32_t address, Access access) const {
  const int number = region_at(address);
  if (number < 0)
    return (control_ & PRIVDEFENA) == 0 ? "no region of the MPU is there and PRIVDEFENA is 0 (PM0214 4.2.6)"
           : access == Access::fetch && (default_rights(address) & executes) == 0
               ? "no region of the MPU is there, and the default map lets no code run"
               : "no region of the MPU is there, and the default map is for privileged code only (PM0214 4.2.6)";
  const Region &region = regions_[static_cast<std::size_t>(number)];
  return "region " + std::to_string(number) + " of the MPU (" + hex(region.start) + ", " + size_text(size_field(region.attributes)) + ") is " +
         (access == Access::fetch && (region.attributes & XN) != 0 ? "not executable (XN)" : access_name(region.attributes >> 24)) + " (PM0214 4.2.1, 4.2.9)";
}

}  // namespace board
