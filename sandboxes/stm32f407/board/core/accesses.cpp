// Accesses to peripherals: gates, lanes, bit-banding, registers that do not exist or cannot be written.
#include <algorithm>
#include <cstring>

#include "core.hpp"
#include "peripheral.hpp"
#include "peripherals/fsmc.hpp"

namespace board {
namespace {

constexpr std::uint32_t ppb_base = 0xE0000000, ppb_size = 0x100000;
constexpr std::uint32_t sram_bits = 0x22000000, sram_bits_size = 32 * (128 << 10);
constexpr std::uint32_t peripheral_bits = 0x42000000, peripheral_bits_size = 32 << 20;
constexpr std::uint32_t page = 0x400;

std::uint32_t lanes(std::uint32_t address, int size) {
  return (size == 4 ? ~0u : (1u << 8 * size) - 1) << 8 * (address & 3);
}

std::uint32_t extract(std::uint32_t word, std::uint32_t address, int size) {
  const std::uint32_t value = word >> 8 * (address & 3);
  return size == 4 ? value : value & ((1u << 8 * size) - 1);
}

bool is_apb(const PeripheralInfo &info) { return info.bus == Bus::APB1 || info.bus == Bus::APB2; }

}  // namespace

void Accesses::map() {
  std::vector<std::uint32_t> pages;
  for (const PeripheralInfo &info : peripheral_table()) {
    slots_.push_back({info.base, info.size, &info, board_.peripheral(info.name)});
    if (info.base >= ppb_base) continue;
    for (std::uint32_t at = info.base & ~(page - 1); at < info.base + info.size; at += page) pages.push_back(at);
  }
  std::sort(slots_.begin(), slots_.end(), [](const Slot &a, const Slot &b) { return a.base < b.base; });
  std::sort(pages.begin(), pages.end());
  pages.erase(std::unique(pages.begin(), pages.end()), pages.end());
  Cpu &cpu = board_.core().cpu;
  for (std::size_t i = 0, next; i < pages.size(); i = next) {
    for (next = i + 1; next < pages.size() && pages[next] == pages[next - 1] + page;) ++next;
    cpu.map_bus(pages[i], static_cast<std::uint32_t>(next - i) * page);
  }
  cpu.map_bus(ppb_base, ppb_size);
  cpu.map_bus(sram_bits, sram_bits_size);
  cpu.map_bus(peripheral_bits, peripheral_bits_size);
  fsmc_ = board_.find<Fsmc>("FSMC");
  cpu.map_bus(Fsmc::memory_base, Fsmc::memory_size);
  cpu.external = [this](std::uint32_t address, std::uint32_t size) { return fsmc_ ? fsmc_->bytes(address, size) : nullptr; };
}

const Accesses::Slot *Accesses::slot_at(std::uint32_t address) const {
  auto next = std::upper_bound(slots_.begin(), slots_.end(), address,
                               [](std::uint32_t wanted, const Slot &slot) { return wanted < slot.base; });
  if (next == slots_.begin()) return nullptr;
  --next;
  return address - next->base < next->size ? &*next : nullptr;
}

void Accesses::run_events() {
  if (board_.events.next() <= board_.now()) board_.events.run(board_.now());
}

/// What comes before every access of the core: events that are due, and alignment. False if the access failed.
bool Accesses::begin(std::uint32_t address, int size, bool write, std::uint32_t value) {
  run_events();
  if ((address & static_cast<std::uint32_t>(size - 1)) == 0) return true;
  board_.core().cpu.fail_access(Stop::unaligned, {address, 0, value, size, write});
  return false;
}

void Accesses::bus_error(std::uint32_t address, int size, bool write, std::uint32_t value) {
  if (!board_.core().cpu.failed()) refusal_ = Fsmc::is_external(address) && fsmc_ && fsmc_->clocked() ? fsmc_->refusal() : "";
  board_.core().cpu.fail_access(Stop::bus_error, {address, 0, value, size, write});
}

std::uint32_t Accesses::load(std::uint32_t address, int size) {
  if (Fsmc::is_external(address)) {
    run_events();
    std::uint32_t value = 0;
    if (!external_load(address, size, value)) bus_error(address, size, false, 0);
    return value;
  }
  if (!begin(address, size, false, 0)) return 0;
  Polling &polling = board_.core().cpu.polling;
  const std::uint32_t word = address & ~3u;
  std::uint32_t value = 0;
  if (address - sram_bits < sram_bits_size || address - peripheral_bits < peripheral_bits_size) return load_bit(address, size);
  if (const Slot *slot = slot_at(address)) {
    if (load_word(*slot, word, value))
      polling.on_register_read(word, slot->model ? slot->model->stable_until(slot->model->alias(word - slot->base)) : never);
    return extract(value, address, size);
  }
  SystemControl &system = board_.core().system;
  if (address < ppb_base || board_.core().exceptions.unprivileged() || !system.load(word, value)) return bus_error(address, size, false, 0), 0;
  polling.on_register_read(word, system.stable_until(word));
  return extract(value, address, size);
}

void Accesses::store(std::uint32_t address, int size, std::uint32_t value) {
  if (Fsmc::is_external(address)) {
    run_events();
    board_.core().cpu.polling.on_register_write();
    if (!external_store(address, size, value)) bus_error(address, size, true, value);
    return;
  }
  if (!begin(address, size, true, value)) return;
  board_.core().cpu.polling.on_register_write();
  if (address - sram_bits < sram_bits_size || address - peripheral_bits < peripheral_bits_size) return store_bit(address, value);
  if (const Slot *slot = slot_at(address)) return store_lanes(*slot, address, size, value);
  const std::uint32_t mask = lanes(address, size);
  if (address < ppb_base || board_.core().exceptions.unprivileged() || !board_.core().system.store(address & ~3u, value << 8 * (address & 3), mask))
    bus_error(address, size, true, value);
}

/// Is there a model, and does RCC give the unit a clock? Says what is wrong if not.
bool Accesses::reachable(const Slot &slot, std::uint32_t address, bool write) {
  const PeripheralInfo &info = *slot.info;
  const RegisterInfo *reg = info.at((address - info.base) & ~3u);
  const std::string name = reg ? reg->name : "register " + hex(address - info.base, 3);
  if (!slot.model) {
    board_.unsupported(std::string(info.name) + ": " + (write ? "write" : "read") + " of " + name + " at " + hex(address) +
                       board_.core().where(board_.core().pc()));
    return false;
  }
  if (slot.model->clocked() && !slot.model->held_in_reset()) return true;
  Finding finding;
  finding.kind = "unclocked_peripheral";
  const bool held = slot.model->clocked();
  const char *gate = held ? info.reset_register : info.enable_register;
  finding.text = std::string(write ? "write to " : "read of ") + info.name + "." + name + " while the " +
                 (held ? "unit is held in reset" : "unit has no clock") + ": " +
                 (write ? "the write is lost" : "it reads as zero") + "; " + (held ? "clear" : "set") + " RCC_" + gate + "." +
                 info.name + (held ? "RST" : "EN") + " (bit " + std::to_string(held ? info.reset_bit : info.enable_bit) +
                 ") first (RM0090 7.3)";
  finding.peripheral = info.name;
  finding.register_name = reg ? reg->name : "";
  finding.address = address;
  board_.findings.add(std::move(finding));
  return false;
}

bool Accesses::load_word(const Slot &slot, std::uint32_t address, std::uint32_t &value) {
  value = 0;
  if (slot.model) ++slot.model->reads;
  if (!reachable(slot, address, false)) return slot.model != nullptr;
  const std::uint32_t offset = slot.model->alias(address - slot.base);
  if (slot.info->is_memory() || slot.info->at(offset)) value = slot.model->read(offset);
  return true;
}

void Accesses::store_lanes(const Slot &slot, std::uint32_t address, int size, std::uint32_t value) {
  if (slot.model && slot.model->writes++ == 0) slot.model->first_write = board_.core().pc();
  if (!reachable(slot, address, true)) return;
  const std::uint32_t offset = slot.model->alias((address - slot.base) & ~3u);
  const RegisterInfo *info = slot.info->at(offset);
  if (!info && !slot.info->is_memory()) return;
  const std::uint32_t old = slot.model->peek(offset);
  std::uint32_t data = value;
  if (size < 4 && is_apb(*slot.info)) {
    data = size == 1 ? (value & 0xFF) * 0x01010101u : (value & 0xFFFF) * 0x00010001u;
  } else if (size < 4) {
    const std::uint32_t mask = lanes(address, size);
    data = ((!info || info->readable != 0 ? old : 0) & ~mask) | (value << 8 * (address & 3) & mask);
  }
  if (info) check_read_only(slot, *info, old, data, size == 4);
  slot.model->write(offset, data);
}

/// A write that means to set bits which only hardware sets: the whole register is read-only, or nothing but such bits of an
/// otherwise unchanged value differ. (Writing back what was read, or zero to a status register, is ordinary; zero to one that
/// is wholly read-only does no harm either, but is told.)
void Accesses::check_read_only(const Slot &slot, const RegisterInfo &info, std::uint32_t old, std::uint32_t data, bool whole) {
  std::uint32_t fields = 0;
  std::string names;
  const std::uint32_t raised = data & ~old & ~info.writable;
  for (const FieldInfo &field : info.fields) {
    fields |= field.mask();
    if ((field.mask() & raised) != 0) names += (names.empty() ? "" : ", ") + std::string(field.name);
  }
  const bool nothing_else = raised != 0 && (data ^ old) == raised && (raised & ~fields) == 0;
  if (!whole || !(info.writable == 0 || (nothing_else && info.readable != 0))) return;
  Finding finding;
  finding.kind = "read_only_write";
  if (info.writable == 0 && data == 0) finding.severity = Severity::note;
  finding.text = std::string("write of ") + hex(data) + " to " + slot.info->name + "." + info.name + ": " +
                 (info.writable == 0 ? "the register is read-only" : names + " can only be set by hardware") +
                 "; the write has no effect (RM0090, description of the register)";
  finding.peripheral = slot.info->name, finding.register_name = info.name;
  finding.address = slot.base + info.offset;
  board_.findings.add(std::move(finding));
}

// ---- memory behind the FSMC: ordinary memory to the core, which splits what is not aligned (Armv7-M B3.1, A3.2.1) ----

/// Has the firmware to do with the FSMC? If not, an address there is a stray one, and nothing answers.
bool Accesses::fsmc_in_use() const { return fsmc_ && (fsmc_->writes != 0 || fsmc_->clocked()); }

/// Has the FSMC a clock? The manual says nothing of accesses without it; as with registers they are taken to be lost.
bool Accesses::fsmc_works(std::uint32_t address, bool write) {
  if (fsmc_->clocked() && !fsmc_->held_in_reset()) return true;
  Finding finding;
  finding.kind = "unclocked_peripheral";
  finding.text = std::string(write ? "write to " : "read of ") + hex(address) + ", memory behind the FSMC, while the FSMC " +
                 (fsmc_->clocked() ? "is held in reset" : "has no clock: set RCC_AHB3ENR.FSMCEN (bit 0) first") + " (RM0090 7.3.12, 36.3)";
  finding.peripheral = "FSMC", finding.address = address;
  board_.findings.add(std::move(finding));
  return false;
}

bool Accesses::external_load(std::uint32_t address, int size, std::uint32_t &value) {
  value = 0;
  if (!fsmc_in_use()) return false;
  if (!fsmc_works(address, false)) return true;
  Polling &polling = board_.core().cpu.polling;
  if (fsmc_->reads_are_pure(address)) polling.on_load();
  else polling.on_register_read(address, board_.now());
  return fsmc_->load_memory(address, size, value);
}

bool Accesses::external_store(std::uint32_t address, int size, std::uint32_t value) {
  if (!fsmc_in_use()) return false;
  if (!fsmc_works(address, true)) return true;
  return fsmc_->store_memory(address, size, value);
}

// ---- bit-banding (Armv7-M B3.1; RM0090 2.3.3): each word of the alias is one bit ----

std::uint32_t Accesses::load_bit(std::uint32_t address, int) {
  const bool sram = address < peripheral_bits;
  const std::uint32_t offset = address - (sram ? sram_bits : peripheral_bits);
  const std::uint32_t target = (sram ? 0x20000000 : 0x40000000) + offset / 32, bit = offset / 4 % 8;
  if (!sram) return load(target & ~3u, 4) >> (8 * (target & 3) + bit) & 1;
  const std::uint8_t *byte = board_.core().cpu.memory(target, 1);
  board_.core().cpu.polling.on_load();
  return byte ? *byte >> bit & 1 : 0;
}

void Accesses::store_bit(std::uint32_t address, std::uint32_t value) {
  const bool sram = address < peripheral_bits;
  const std::uint32_t offset = address - (sram ? sram_bits : peripheral_bits);
  const std::uint32_t target = (sram ? 0x20000000 : 0x40000000) + offset / 32, bit = offset / 4 % 8;
  if (!sram) {
    const std::uint32_t mask = 1u << (8 * (target & 3) + bit), word = load(target & ~3u, 4);
    return store(target & ~3u, 4, (value & 1) != 0 ? word | mask : word & ~mask);
  }
  std::uint8_t *byte = board_.core().cpu.memory(target, 1, true);
  if (byte) *byte = static_cast<std::uint8_t>((*byte & ~(1 << bit)) | (value & 1) << bit);
}

// ---- other masters ----

BusResult Accesses::dma_load(std::uint32_t address, int size) {
  const auto bytes = static_cast<std::uint32_t>(size);
  // The DMA controllers have no path to CCM nor to the core's own peripherals (RM0090 2.1).
  if (address >= ppb_base || (address >= 0x10000000 && address < 0x10010000)) return {false, 0};
  if (Fsmc::is_external(address)) {
    std::uint32_t value = 0;
    const bool ok = external_load(address, size, value);
    return {ok, value};
  }
  if (const Slot *slot = slot_at(address)) {
    std::uint32_t value = 0;
    load_word(*slot, address & ~3u, value);
    return {true, extract(value, address, size)};
  }
  const std::uint8_t *memory = board_.core().cpu.memory(address, bytes);
  std::uint32_t value = 0;
  if (memory) std::memcpy(&value, memory, bytes);
  return {memory != nullptr, value};
}

bool Accesses::dma_store(std::uint32_t address, int size, std::uint32_t value) {
  const auto bytes = static_cast<std::uint32_t>(size);
  if (address >= ppb_base || address < 0x20000000) return false;
  if (Fsmc::is_external(address)) return external_store(address, size, value);
  if (const Slot *slot = slot_at(address)) return store_lanes(*slot, address, size, value), true;
  std::uint8_t *memory = board_.core().cpu.memory(address, bytes, true);
  if (!memory) return false;
  std::memcpy(memory, &value, bytes);
  return true;
}

}  // namespace board
