// The check of one access: everything that runs for each load and store of a kernel.
#pragma once
#include "order.h"

namespace emulate::check {

enum class Access : uint8_t { read, write };
// How an access counts against another one: two that are not plain do not race, unless both are volatile in one warp.
enum class Manner : uint8_t { plain, atomic, relaxed_volatile };

extern uintptr_t code_base;  // start of the executable

inline Record record_of(const Thread &thread, const void *pc) {
    const uintptr_t code = reinterpret_cast<uintptr_t>(pc) - code_base;
    return uint64_t{now.tick} << kTickShift | uint64_t{thread.linear} << kThreadShift | (code <= kCodeMask ? code : 0);
}

// Bytes that the running launch moved, by space (0 global, 1 shared) and by access; counted once per word and launch for `distinct`.
struct Moved {
    uint64_t bytes[2][2], distinct[2], accesses[2][2];
};
extern Moved moved;
extern uint32_t launch_start;  // the tick at which the running launch began

// A place that is not as it should be. They decide whether the access goes on being checked; they may end the grid.
// `mask`: the bytes of the word.
bool look_closer(Region &region, size_t word, uint32_t mask, Access access, Record mine, unsigned size);
void undefined_read(Region &region, size_t word, uint32_t mask, Record mine, unsigned size);
enum class Slot : uint8_t { write, read, read2 };
void conflict(Region &region, size_t word, Slot slot, Access access, Manner manner, Record mine, unsigned size);

inline void keep_read(Region &region, size_t word, uint32_t &state, uint32_t mask, uint32_t flags, Record mine) {
    using namespace state;
    constexpr uint32_t all = 15;
    Record &first = region.read[word], &second = region.read2[word];
    const uint32_t first_mask = state >> kRead & all;
    const auto keep_first = [&](uint32_t bytes) {
        first = mine;
        state = (state & ~(all << kRead | kReadAtomic | kReadVolatile)) | bytes << kRead | flags * kReadAtomic;
    };
    if (first_mask == 0) return keep_first(mask);
    if (((first ^ mine) >> kThreadShift) == 0) return keep_first(first_mask | mask);  // the same thread and tick
    if (plainly_ordered(first, mine)) return keep_first(mask);
    const uint32_t second_mask = state >> kRead2 & all;
    const bool same = second_mask != 0 && ((second ^ mine) >> kThreadShift) == 0;
    // Two readers of different warps are worth more than two of one: a warp barrier may order the latter.
    const auto warp = [](Record record) { return thread_of(record) / 32; };
    if (second_mask == 0 || same || plainly_ordered(second, mine) ||
        (warp(first) == warp(second) && warp(mine) != warp(first) && tick_of(first) >= now.slice_start)) {
        second = mine;
        state = (state & ~(all << kRead2 | kRead2Atomic | kRead2Volatile)) | (same ? second_mask | mask : mask) << kRead2 |
                flags * kRead2Atomic;
    }
}

// One word. `mask`: the bytes that are touched; `size`: of the whole access, for the report.
template <Access access, Manner manner>
inline __attribute__((always_inline)) void touch(Region &region, size_t word, uint32_t mask, Record mine, unsigned size) {
    using namespace state;
    uint32_t &shadow = region.state[word];
    if (__builtin_expect((shadow >> kValid & mask) != mask, 0) && !look_closer(region, word, mask, access, mine, size)) return;
    uint32_t state = shadow;
    // Each of the two words has its place: bit 0 says atomic, bit 3 volatile (the distance of the bits in the state).
    constexpr uint32_t flags = manner == Manner::plain ? 0 : manner == Manner::atomic ? 1 : 1 | 8;
    constexpr bool plain = manner == Manner::plain, is_volatile = manner == Manner::relaxed_volatile;
    const auto clashes = [&](unsigned shift, uint32_t atomic_bit, uint32_t volatile_bit, Record other) {
        return (state >> shift & mask) != 0 && !plainly_ordered(other, mine) &&
               (plain || !(state & atomic_bit) || (is_volatile && (state & volatile_bit)));
    };
    if (clashes(kWrite, kWriteAtomic, kWriteVolatile, region.write[word]))
        conflict(region, word, Slot::write, access, manner, mine, size);
    if constexpr (access == Access::read) {
        if (__builtin_expect((state >> kDefined & mask) != mask, 0)) {
            undefined_read(region, word, mask, mine, size);
            state = shadow;
        }
        if (!region.shared && ((state >> kRead & 15) == 0 || tick_of(region.read[word]) < launch_start))
            moved.distinct[0] += static_cast<unsigned>(__builtin_popcount(mask));
        keep_read(region, word, state, mask, flags, mine);
        shadow = state;
    } else {
        if (clashes(kRead, kReadAtomic, kReadVolatile, region.read[word]))
            conflict(region, word, Slot::read, access, manner, mine, size);
        if (clashes(kRead2, kRead2Atomic, kRead2Volatile, region.read2[word]))
            conflict(region, word, Slot::read2, access, manner, mine, size);
        if (!region.shared && ((state >> kWrite & 15) == 0 || tick_of(region.write[word]) < launch_start))
            moved.distinct[1] += static_cast<unsigned>(__builtin_popcount(mask));
        // A write takes the place of the reads of its bytes: what races with them races with it. Other atomics race with a
        // plain read, but not with an atomic.
        const auto replaced = [&](unsigned shift, uint32_t atomic_bit) { return manner != Manner::atomic || (state & atomic_bit) ? mask << shift : 0; };
        const uint32_t reads = state & (15u << kRead | 15u << kRead2) & ~(replaced(kRead, kReadAtomic) | replaced(kRead2, kRead2Atomic));
        uint32_t written = mask;
        if (((region.write[word] ^ mine) >> kThreadShift) == 0) written |= state >> kWrite & 15;
        region.write[word] = mine;
        const uint32_t kept = state & (15u << kValid | 15u << kDefined | kReadAtomic | kRead2Atomic | kReadVolatile |
                                       kRead2Volatile);
        shadow = kept | reads | mask << kDefined | written << kWrite | flags * kWriteAtomic |
                 static_cast<uint32_t>(Origin::kernel) << kOrigin;
    }
}

// A struct that is copied as a whole brings its padding, which nobody defines: if anything of it is defined, the rest counts
// as defined, too.
void overlook_padding(Region &region, size_t offset, size_t size);

// Any range of a region, word by word.
template <Access access, Manner manner>
inline void touch_range(Region &region, size_t offset, size_t size, Record mine, unsigned whole) {
    if (access == Access::read && size > 8) overlook_padding(region, offset, size);
    for (size_t at = offset; at < offset + size;) {
        const size_t in_word = at & 3, bytes = in_word + (offset + size - at) < 4 ? offset + size - at : 4 - in_word;
        touch<access, manner>(region, at >> 2, ((1u << bytes) - 1) << in_word, mine, whole);
        at += bytes;
    }
}

// Where a thread of a kernel touches something that is in no region.
void elsewhere(Access access, const void *address, size_t size, const void *pc);
// An access by code of the host.
void host_access(Access access, const void *address, size_t size, const void *pc);
// For the counts of requests per warp; true while the running block is sampled.
extern bool sampling;
// A write that may be of the value that is there already waits to be judged, once it has been done.
extern bool write_waits;
void judge_write();
void sample(bool shared, Access access, uintptr_t address, unsigned size, const Thread &thread, const void *pc);

inline Region *region_of(uintptr_t address) {
    if (address - dynamic_shared.base < dynamic_shared.size) return &dynamic_shared;
    if (address - static_shared.base < static_shared.size) return &static_shared;
    for (unsigned i = 0; i < arena_count; ++i)
        if (address - arenas[i].base < arenas[i].size) return &arenas[i];
    return nullptr;
}

template <Access access, Manner manner>
inline __attribute__((always_inline)) void device_access(const Thread &thread, const void *address, size_t size, const void *pc) {
    const auto at = reinterpret_cast<uintptr_t>(address);
    Region *region = region_of(at);
    if (__builtin_expect(write_waits, 0)) judge_write();
    if (region == nullptr) return elsewhere(access, address, size, pc);
    const Record mine = record_of(thread, pc);
    const unsigned shared = region->shared ? 1 : 0, writes = access == Access::write ? 1 : 0;
    moved.bytes[shared][writes] += size;
    ++moved.accesses[shared][writes];
    if (__builtin_expect(sampling, 0)) sample(region->shared, access, at, static_cast<unsigned>(size), thread, pc);
    const size_t offset = at - region->base;
    if (__builtin_constant_p(size) && size == 4 && (offset & 3) == 0)
        return touch<access, manner>(*region, offset >> 2, 15, mine, 4);
    touch_range<access, manner>(*region, offset, size, mine, static_cast<unsigned>(size));
}

}  // namespace emulate::check
