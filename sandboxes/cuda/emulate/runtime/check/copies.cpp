// Copies and fills: operations of a stream that touch whole ranges.
#include <algorithm>

#include "memory.h"
#include "report.h"

namespace emulate::check {

namespace {

uint64_t copied_back[5];  // bytes by Origin

void set_bulk(Allocation &allocation, uintptr_t from, uintptr_t to, Bulk bulk) {
    auto &all = allocation.bulk;
    // Cut what lies there already to both sides of the new range.
    auto at = all.upper_bound(from);
    if (at != all.begin()) --at;
    while (at != all.end() && at->first < to) {
        const uintptr_t start = at->first;
        const Bulk old = at->second;
        if (old.end <= from) {
            ++at;
            continue;
        }
        at = all.erase(at);
        if (start < from) {
            Bulk before = old;
            before.end = from;
            all[start] = before;
        }
        if (old.end > to) all[to] = old;
    }
    bulk.end = to;
    all[from] = bulk;
}

uint32_t &state_of(Region &region, size_t word) {
    uint32_t &state = region.state[word];
    if (state == 0) state = first_state(region, word);
    return state;
}

Record bulk_record(uint32_t code) { return uint64_t{now.tick} << kTickShift | code; }

// Races of a copy or fill against operations it does not wait for; only if there are such.
template <Access access>
void check_bulk(Region &region, uintptr_t from, size_t size, uint32_t code) {
    const bool record = access == Access::read && (several_streams() || region.kind != Memory::device);
    if (now.ordered_below == now.slice_start && !record) return;
    const Record mine = bulk_record(code);
    // Of an earlier copy or fill that is still kept as a range, one word stands for all.
    if (Allocation *allocation = region.variables ? nullptr : allocation_at(from))
        for (const auto &[start, bulk] : allocation->bulk)
            if (start < from + size && bulk.end > from && bulk.tick >= now.ordered_below) state_of(region, (std::max(start, from) - region.base) >> 2);
    for (uintptr_t at = from; at < from + size; at = (at & ~uintptr_t{3}) + 4) {
        const size_t word = (at - region.base) >> 2;
        const uint32_t mask = valid_bytes(at & ~uintptr_t{3}, from, from + size);
        uint32_t &state = access == Access::read ? state_of(region, word) : region.state[word];
        if (state == 0) continue;  // a copy or fill at most, which is checked by range below
        const auto clashes = [&](unsigned shift, Record other) { return (state >> shift & mask) != 0 && !plainly_ordered(other, mine); };
        if (clashes(state::kWrite, region.write[word])) conflict(region, word, Slot::write, access, Manner::plain, mine, 4);
        if constexpr (access == Access::read) {
            keep_read(region, word, state, mask & (state >> state::kValid), 0, mine);
        } else {
            if (clashes(state::kRead, region.read[word])) conflict(region, word, Slot::read, access, Manner::plain, mine, 4);
            if (clashes(state::kRead2, region.read2[word])) conflict(region, word, Slot::read2, access, Manner::plain, mine, 4);
        }
    }
}

// The allocation that a copy or fill touches; reports one that does not lie in a live allocation.
Allocation *target(uintptr_t at, size_t size, uint32_t code, const char *by, const char *access) {
    Allocation *allocation = allocation_at(at);
    Party here;
    here.code = code;
    here.by = by;
    here.access = access;
    if (allocation != nullptr && at < allocation->base + allocation->size && !allocation->freed) {
        if (at + size > allocation->base + allocation->size && is_new("out_of_bounds", here, nullptr))
            report({"out_of_bounds", "global", nullptr, here, {}, false, describe(at), size, "beyond the end of its allocation"});
        return allocation;
    }
    if (allocation != nullptr && allocation->freed && at < allocation->base + allocation->size && is_new("use_after_free", here, nullptr)) {
        Party other = host_party(nullptr, "free");
        other.code = allocation->freed_code;
        report({"use_after_free", "global", nullptr, here, other, true, describe(at), size, ""});
    }
    return nullptr;
}

void write_bulk(Region &region, uintptr_t to, size_t size, Origin origin, uint32_t code, const char *by) {
    check_bulk<Access::write>(region, to, size, code);
    if (region.variables) {
        for (uintptr_t at = to & ~uintptr_t{3}; at < to + size; at += 4) {
            const size_t word = (at - region.base) >> 2;
            uint32_t &state = state_of(region, word);
            state = (state & (15u << state::kValid | 15u << state::kDefined)) | 15u << state::kWrite | static_cast<uint32_t>(origin) << state::kOrigin;
            region.write[word] = bulk_record(code);
        }
        return;
    }
    Allocation *allocation = target(to, size, code, by, "write");
    if (allocation == nullptr) return;
    size = std::min(size, allocation->base + allocation->size - to);
    const uintptr_t first = (to + 3) & ~uintptr_t{3}, last = (to + size) & ~uintptr_t{3};
    // Words of which only some bytes are written keep what is known of the others.
    const auto partly = [&](uintptr_t at, uintptr_t end) {
        for (; at < end; ++at) {
            const size_t word = (at - region.base) >> 2;
            uint32_t &state = state_of(region, word);
            state |= 1u << (state::kDefined + (at & 3)) | 1u << (state::kWrite + (at & 3));
            region.write[word] = bulk_record(code);
        }
    };
    if (first > last) return partly(to, to + size);
    if (first < last) {
        drop_shadow(region, first, last);
        set_bulk(*allocation, first, last, {0, origin, now.tick, code});
    }
    partly(to, first);
    partly(last, to + size);
}

void count_origins(Region &region, uintptr_t from, size_t size) {
    for (uintptr_t at = from; at < from + size; at = (at & ~uintptr_t{3}) + 4) {
        const size_t word = (at - region.base) >> 2;
        const uint32_t state = region.state[word] != 0 ? region.state[word] : first_state(region, word);
        copied_back[state >> state::kOrigin & 7] += std::min<uintptr_t>(from + size - at, 4 - (at & 3));
    }
}

// A copy within the device passes on what kernels made.
Origin origin_of(Region &region, uintptr_t from, size_t size) {
    for (uintptr_t at = from; at < from + size; at = (at & ~uintptr_t{3}) + 4) {
        const size_t word = (at - region.base) >> 2;
        const uint32_t state = region.state[word] != 0 ? region.state[word] : first_state(region, word);
        if (static_cast<Origin>(state >> state::kOrigin & 7) == Origin::kernel) return Origin::kernel;
    }
    return Origin::copy;
}

// What was undefined stays undefined where it is copied to.
void copy_definedness(Region &to_region, uintptr_t to, Region &from_region, uintptr_t from, size_t size) {
    for (size_t i = 0; i + 4 <= size; i += 4) {
        const uint32_t source = state_of(from_region, (from + i - from_region.base) >> 2);
        if ((source >> state::kDefined & 15) == 15) continue;
        uint32_t &target = state_of(to_region, (to + i - to_region.base) >> 2);
        target = (target & ~(15u << state::kDefined)) | (source & 15u << state::kDefined);
    }
}

}  // namespace

void copied(const void *to, const void *from, size_t size, uint32_t stream, const void *pc) {
    if (!on || size == 0) return;
    const auto target_at = reinterpret_cast<uintptr_t>(to), source_at = reinterpret_cast<uintptr_t>(from);
    Region *target_region = arena_of(to), *source_region = arena_of(from);
    const uint32_t code = code_of(pc);
    begin_operation(Operation::Kind::copy, stream, nullptr, code);
    size_t readable = size;
    if (source_region != nullptr && !source_region->variables) {
        const Allocation *source = target(source_at, size, code, "copy", "read");
        readable = source == nullptr ? 0 : std::min(size, source->base + source->size - source_at);
    }
    if (source_region != nullptr && readable != 0) {
        check_bulk<Access::read>(*source_region, source_at, readable, code);
        const bool back = target_region == nullptr || target_region->kind == Memory::pinned;
        if (back && source_region->kind != Memory::pinned) count_origins(*source_region, source_at, readable);
    }
    if (target_region != nullptr) {
        const bool within = source_region != nullptr && source_region->kind != Memory::pinned;
        const Origin origin = within ? origin_of(*source_region, source_at, readable) : Origin::copy;
        write_bulk(*target_region, target_at, size, origin, code, "copy");
        if (source_region != nullptr && readable == size && source_region->kind == Memory::device && ((target_at | source_at) & 3) == 0)
            copy_definedness(*target_region, target_at, *source_region, source_at, size);
    }
    end_operation();
}

void copy_refused(const void *to, const void *from, size_t size, const void *pc) {
    if (!on) return;
    if (arena_of(to) != nullptr && !arena_of(to)->variables) target(reinterpret_cast<uintptr_t>(to), size, code_of(pc), "copy", "write");
    if (arena_of(from) != nullptr && !arena_of(from)->variables) target(reinterpret_cast<uintptr_t>(from), size, code_of(pc), "copy", "read");
}

void filled(const void *to, size_t size, uint32_t stream, const void *pc) {
    if (!on || size == 0) return;
    Region *region = arena_of(to);
    if (region == nullptr) return;
    begin_operation(Operation::Kind::fill, stream, nullptr, code_of(pc));
    write_bulk(*region, reinterpret_cast<uintptr_t>(to), size, Origin::fill, code_of(pc), "fill");
    end_operation();
}

std::string copy_summary() {
    static const char *const names[] = {"nobody", "kernel", "copy", "fill", "host"};
    std::string text = "\"copied_back_bytes\":{";
    for (unsigned i = 0; i < 5; ++i) text += (i ? "," : "") + quoted(names[i]) + ":" + std::to_string(copied_back[i]);
    return text + "}";
}

}  // namespace emulate::check
