#include "memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "report.h"
#include "symbols.h"

extern "C" char __data_start[], _end[];

namespace emulate::check {

Region arenas[kMaxArenas];
unsigned arena_count = 0;

namespace {

EMULATE_EARLY std::map<uintptr_t, Allocation> allocations;
uint32_t allocation_count = 0;

}  // namespace

void drop_shadow(Region &region, uintptr_t from, uintptr_t to) {
    // Whole pages go back to the system, and read as zero.
    constexpr uintptr_t page = 4096;
    const auto first = reinterpret_cast<uintptr_t>(region.state + (from - region.base + 3) / 4);
    const auto last = reinterpret_cast<uintptr_t>(region.state + (to - region.base) / 4);
    if (first >= last) return;
    const uintptr_t pages = (first + page - 1) / page * page, pages_end = last / page * page;
    if (last - first < 16 * page || pages >= pages_end) {
        memset(reinterpret_cast<void *>(first), 0, last - first);
        return;
    }
    memset(reinterpret_cast<void *>(first), 0, pages - first);
    madvise(reinterpret_cast<void *>(pages), pages_end - pages, MADV_DONTNEED);
    memset(reinterpret_cast<void *>(pages_end), 0, last - pages_end);
}

uint32_t valid_bytes(uintptr_t address, uintptr_t from, uintptr_t to) {
    uint32_t mask = 0;
    for (unsigned byte = 0; byte < 4; ++byte)
        if (address + byte >= from && address + byte < to) mask |= 1u << byte;
    return mask;
}

Region *arena_of(const void *address) {
    const auto at = reinterpret_cast<uintptr_t>(address);
    for (unsigned i = 0; i < arena_count; ++i)
        if (at - arenas[i].base < arenas[i].size) return &arenas[i];
    return nullptr;
}

void reserve_shadow(Region &region, uintptr_t base, size_t size) {
    const size_t words = size / 4 + 1;
    const auto reserve = [&](size_t bytes) {
        return mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    };
    region.base = base & ~uintptr_t{3};
    region.size = size;
    region.state = static_cast<uint32_t *>(reserve(words * sizeof(uint32_t)));
    region.write = static_cast<Record *>(reserve(words * sizeof(Record)));
    region.read = static_cast<Record *>(reserve(words * sizeof(Record)));
    region.read2 = static_cast<Record *>(reserve(words * sizeof(Record)));
}

void arena(Memory kind, const void *base, size_t size) {
    if (arena_count == kMaxArenas || size == 0) return;
    Region &region = arenas[arena_count++];
    region.base = reinterpret_cast<uintptr_t>(base);
    region.size = size;
    region.kind = kind;
    region.variables = region.base - reinterpret_cast<uintptr_t>(__data_start) < static_cast<size_t>(_end - __data_start);
    if (on) reserve_shadow(region, region.base, size);
}

void find_variables() {
    read_symbols();
    for (unsigned i = 0; i < arena_count; ++i) reserve_shadow(arenas[i], arenas[i].base, arenas[i].size);  // told before start()
    // All data of the program that no arena was told for: what kernels touch of it are variables of the device.
    arena(Memory::symbol, __data_start, static_cast<size_t>(_end - __data_start));
    arenas[arena_count - 1].presumed = true;
}

Allocation *allocation_at(uintptr_t address) {
    static Allocation *last = nullptr;
    static uint32_t last_count = 0;
    if (last != nullptr && last_count == allocation_count && address - last->base < last->size) return last;
    const auto after = allocations.upper_bound(address);
    if (after == allocations.begin()) return nullptr;
    last = &std::prev(after)->second;
    last_count = allocation_count;
    return last;
}

uint32_t first_state(Region &region, size_t word) {
    using namespace state;
    const uintptr_t address = region.base + word * 4;
    const auto origin_bits = [](Origin origin) { return static_cast<uint32_t>(origin) << kOrigin; };
    if (region.variables) {
        uint32_t valid = 0;
        for (unsigned byte = 0; byte < 4; ++byte) {
            const Variable *variable = variable_at(global_variables(), address + byte);
            if (variable != nullptr && address + byte < variable->address + variable->size) valid |= 1u << byte;
        }
        return valid << kValid | valid << kDefined;  // variables begin as zero
    }
    const Allocation *allocation = allocation_at(address);
    if (allocation == nullptr || allocation->freed) return 0;
    const uint32_t valid = valid_bytes(address, allocation->base, allocation->base + allocation->size);
    if (valid == 0) return 0;
    // The host writes pinned and managed memory by means that the checker does not all see: into pinned memory, devices too.
    uint32_t state = valid << kValid | (region.kind == Memory::pinned ? valid << kDefined : 0) | (region.kind != Memory::device ? origin_bits(Origin::host) : 0);
    auto bulk = allocation->bulk.upper_bound(address);
    if (bulk == allocation->bulk.begin()) return state;
    --bulk;
    if (address >= bulk->second.end) return state;
    state = (state & ~kOriginMask) | valid << kDefined | origin_bits(bulk->second.origin);
    // Who is ordered after the copy once is so for ever, as long as there is only one stream: it needs no record, nor its pages.
    if (!several_streams() && bulk->second.tick < now.ordered_below) return state;
    region.write[word] = uint64_t{bulk->second.tick} << kTickShift | bulk->second.code;
    return state | valid << kWrite;
}

std::string describe(uintptr_t address) {
    const auto offset = [&](const std::string &name, uintptr_t base) {
        return name + (address >= base ? "+" + std::to_string(address - base) : "-" + std::to_string(base - address));
    };
    if (std::string shared = describe_shared(address); !shared.empty()) return shared;
    const Region *region = arena_of(reinterpret_cast<const void *>(address));
    if (region != nullptr && region->variables) {
        const Variable *variable = variable_at(global_variables(), address);
        return variable == nullptr ? std::string() : offset(plain_name(variable->name), variable->address);
    }
    const Allocation *allocation = allocation_at(address);
    if (allocation == nullptr || (region == nullptr && address >= allocation->base + allocation->size)) return "";
    // Just before an allocation is nearer to it than far behind the one before.
    if (const auto next = allocations.upper_bound(address); next != allocations.end() && address >= allocation->base + allocation->size &&
                                                            next->first - address < address - (allocation->base + allocation->size))
        allocation = &next->second;
    const Line line = line_of(allocation->code);
    return offset("allocation " + std::to_string(allocation->id) +
                      (line.line > 0 ? " (" + line.file + ":" + std::to_string(line.line) + ", " : " (") + std::to_string(allocation->size) + " bytes)",
                  allocation->base);
}

void allocated(Memory kind, const void *address, size_t size, const void *pc) {
    if (kind == Memory::symbol) return;  // variables are known from the symbol table
    if (!on || address == nullptr) return;
    const auto base = reinterpret_cast<uintptr_t>(address);
    // Memory that was freed and is given out again.
    auto at = allocations.upper_bound(base);
    if (at != allocations.begin() && std::prev(at)->second.base + std::prev(at)->second.size > base) --at;
    while (at != allocations.end() && at->first < base + size) at = allocations.erase(at);
    allocations[base] = {base, size, kind, ++allocation_count, code_of(pc), false, 0, {}};
    if (Region *region = arena_of(address)) drop_shadow(*region, base, base + size + 3);
}

bool freed(const void *address, const void *pc) {
    if (!on || address == nullptr) return true;
    const auto base = reinterpret_cast<uintptr_t>(address);
    Allocation *allocation = allocation_at(base);
    const Party here = current != nullptr ? party(*current, pc, "free") : host_party(pc, "free");
    if (allocation == nullptr || allocation->base != base || allocation->freed) {
        const bool twice = allocation != nullptr && allocation->base == base;
        const char *kind = twice ? "double_free" : "invalid_free";
        Party other = host_party(nullptr, "free");
        if (twice) other.code = allocation->freed_code;
        if (is_new(kind, here, twice ? &other : nullptr))
            report({kind, "global", nullptr, here, other, twice, describe(base), 0, twice ? "" : "not the start of an allocation"});
        return false;
    }
    allocation->freed = true;
    allocation->freed_code = code_of(pc);
    allocation->bulk.clear();
    if (Region *region = arena_of(address)) drop_shadow(*region, base, base + allocation->size + 3);
    return true;
}

std::string leaks() {
    uint64_t count = 0, bytes = 0;
    for (const auto &[base, allocation] : allocations)
        if (!allocation.freed) {
            ++count;
            bytes += allocation.size;
        }
    return "\"leaked_allocations\":" + std::to_string(count) + ",\"leaked_bytes\":" + std::to_string(bytes);
}

}  // namespace emulate::check
