// What the hot path leaves: places that are wrong, and accesses that may not be ordered.
#include "access.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <unordered_map>

#include "bounds.h"
#include "kernel.h"
#include "memory.h"
#include "report.h"
#include "symbols.h"

extern "C" char __executable_start[], __data_start[];

namespace emulate::check {

bool write_waits = false;

namespace {

// Two threads that write the same value do no harm, and programs rely on it (flags, sieves). Before the write nobody knows
// its value: what was there is kept until the next thing happens.
struct WaitingWrite {
    const unsigned char *address;
    size_t size;  // of the words that clash: one access touches at most 4
    unsigned char before[16];
    Finding finding;
};
EMULATE_EARLY WaitingWrite waiting_write;

// Plain reads that met an atomic of another thread, by address and thread, until an atomic of the thread's own, to which a
// stale look does no harm, excuses them.
EMULATE_EARLY std::unordered_map<uint64_t, uint32_t> doubtful_reads;
constexpr size_t kMostDoubts = 1 << 16;
uint64_t doubt_key(uintptr_t address, uint32_t thread) { return address << 10 | thread; }

constexpr int kIllegalAddress = 700;  // cudaErrorIllegalAddress
// The device maps memory in pages of this size; an address in a mapped one does not fault.
constexpr uintptr_t kDevicePage = 2 << 20;

const char *name(Access access, Manner manner = Manner::plain) {
    if (manner == Manner::atomic) return access == Access::read ? "atomic read" : "atomic";
    if (manner == Manner::relaxed_volatile) return access == Access::read ? "volatile read" : "volatile write";
    return access == Access::read ? "read" : "write";
}

void report_place(const char *kind, const char *space, const Party &here, const Party *other, uintptr_t address, size_t size, std::string detail, bool note = false) {
    if (is_new(kind, here, other))
        report({kind, space, nullptr, here, other != nullptr ? *other : Party{}, other != nullptr, describe(address), size, std::move(detail), 0, note});
}

// Threads of the host whose writes to managed memory are not followed.
std::atomic<bool> others_write{false};

// A word of managed memory that nobody was seen to write. The host may have written it all the same, in a function of a
// library: then it is hardly 0, as it was at first.
bool is_untouched(uintptr_t word) {
    uint32_t value;
    memcpy(&value, reinterpret_cast<const void *>(word), sizeof value);
    return value == 0 && current != nullptr && !others_write;
}

bool in_mapped_page(uintptr_t address) {
    const uintptr_t page = address / kDevicePage * kDevicePage;
    const Allocation *last = allocation_at(page + kDevicePage - 1);
    return last != nullptr && !last->freed && last->base + last->size + 256 > page;
}

bool same_line(const void *pc, const void *other) {
    const Line here = line_of(code_of(pc)), there = line_of(code_of(other));
    return here.line == there.line && here.file == there.file && here.line > 0;
}

bool is_mapped_by_host(uintptr_t address) {
    constexpr uintptr_t page = 4096;
    unsigned char resident;
    return mincore(reinterpret_cast<void *>(address / page * page), 1, &resident) == 0;
}

// What the runtime keeps for a thread, and what the program only reads.
bool is_runtimes(uintptr_t address, Access access) {
    const Thread &thread = *current;
    const auto within = [&](const void *start, size_t size) { return address - reinterpret_cast<uintptr_t>(start) < size; };
    if (within(thread.block, sizeof(Block)) || within(thread.block->launch, sizeof(Launch)) || within(&current, sizeof current) ||
        within(thread.block->all, thread.block->threads * sizeof(Thread)))
        return true;
    return access == Access::read && address >= reinterpret_cast<uintptr_t>(__executable_start) && address < reinterpret_cast<uintptr_t>(__data_start);
}

}  // namespace

bool look_closer(Region &region, size_t word, uint32_t mask, Access access, Record mine, unsigned size) {
    uint32_t &state = region.state[word];
    if (state == 0 && !region.shared) state = first_state(region, word);
    const uint32_t missing = mask & ~(state >> state::kValid);
    if (missing == 0) return true;
    const uintptr_t address = region.base + word * 4 + static_cast<unsigned>(__builtin_ctz(missing));
    const char *space = region.shared ? "shared" : "global";
    const Party here = party(mine, name(access));
    const Allocation *allocation = region.shared || region.variables ? nullptr : allocation_at(address);
    if (allocation != nullptr && allocation->freed && address < allocation->base + allocation->size) {
        Party other = host_party(nullptr, "free");
        other.code = allocation->freed_code;
        report_place("use_after_free", space, here, &other, address, size, "");
        return false;
    }
    const bool mapped = region.shared || region.variables || in_mapped_page(address);
    report_place("out_of_bounds", space, here, nullptr, address, size, mapped ? "" : "far from every allocation");
    // What lies between static shared arrays belongs to the runtime here: it must not be written over.
    if (current == nullptr) return false;
    if (!mapped || (region.shared && access == Access::write && !is_of_program(address))) abandon(kIllegalAddress);
    return false;
}

void overlook_padding(Region &region, size_t offset, size_t size) {
    const size_t first = offset / 4, last = std::min(offset + size - 1, region.size - 1) / 4;
    bool some = false, all = true;
    for (size_t word = first; word <= last; ++word) {
        uint32_t &state = region.state[word];
        if (state == 0 && !region.shared) state = first_state(region, word);
        if (state & state::kInFlight) return;
        const bool defined = (state >> state::kDefined & 15) != 0;
        some |= defined;
        all &= defined;
    }
    for (size_t word = first; word <= last && some && !all; ++word) region.state[word] |= (region.state[word] >> state::kValid & 15) << state::kDefined;
}

void undefined_read(Region &region, size_t word, uint32_t mask, Record mine, unsigned size) {
    uint32_t &state = region.state[word];
    // Bytes beside defined ones in the same word may be padding, too.
    const bool some_defined = (state >> state::kDefined & mask) != 0, in_flight = (state & state::kInFlight) != 0;
    state |= mask << state::kDefined;  // once is enough
    const bool managed = !region.shared && region.kind == Memory::managed;
    if ((some_defined && !in_flight) || (managed && !is_untouched(region.base + word * 4))) return;
    // CUB reads whole tiles of its own scratch memory, and drops what nobody put there.
    if (region.shared && line_of(code_of(mine)).in_cub) return;
    const uintptr_t address = region.base + word * 4 + static_cast<unsigned>(__builtin_ctz(mask));
    const Allocation *allocation = region.shared ? nullptr : allocation_at(address);
    Party other = host_party(nullptr, "allocation");
    if (allocation != nullptr) other.code = allocation->code;
    // Devices give managed memory out as zeros, and programs live by it.
    report_place(managed ? "uninitialized_managed_read" : "uninitialized_read", region.shared ? "shared" : "global", party(mine, "read"),
                 allocation != nullptr ? &other : nullptr, address, size, in_flight ? "an asynchronous copy to it is under way" : "", managed);
}

void conflict(Region &region, size_t word, Slot slot, Access access, Manner manner, Record mine, unsigned size) {
    const Record theirs = slot == Slot::write ? region.write[word] : slot == Slot::read ? region.read[word] : region.read2[word];
    if (ordered(theirs, current)) return;
    const uint32_t state = region.state[word];
    const unsigned nth = static_cast<unsigned>(slot);
    const bool atomic = state & state::kWriteAtomic << nth, is_volatile = state & state::kWriteVolatile << nth;
    const bool same_block = tick_of(theirs) >= now.slice_start;
    // Volatile accesses of one warp that nothing orders: code that relies on lockstep. Between warps they are a hand-over.
    if (manner == Manner::relaxed_volatile && is_volatile &&
        !(region.shared && same_block && thread_of(theirs) / 32 == thread_of(mine) / 32))
        return;
    const Access their_access = slot == Slot::write ? Access::write : Access::read;
    const Party here = party(mine, name(access, manner));
    const Party other = party(theirs, name(their_access, is_volatile ? Manner::relaxed_volatile : atomic ? Manner::atomic : Manner::plain));
    const uintptr_t address = region.base + word * 4;
    // A plain read against an atomic: which of the two is the read?
    uint32_t plain_read = 0;
    if (access == Access::read && manner == Manner::plain && atomic) {
        plain_read = here.code;
        if (doubtful_reads.size() < kMostDoubts) doubtful_reads[doubt_key(address, thread_of(mine))] = plain_read;
    } else if (their_access == Access::read && !atomic && manner == Manner::atomic) {
        plain_read = other.code;
        if (doubtful_reads.size() < kMostDoubts) doubtful_reads[doubt_key(address, thread_of(theirs))] = plain_read;
    }
    const bool may_be_same_value = access == Access::write && slot == Slot::write && manner != Manner::atomic && current != nullptr && size <= 16;
    if (region.shared) {
        const Variable *variable = variable_at(shared_variables(), address);
        if (variable != nullptr && variable->guard) return;
    }
    if (!may_be_same_value && !is_new("race", here, &other)) return;
    const char *hazard = access == Access::read ? "RAW" : slot == Slot::write ? "WAW" : "WAR";
    const char *detail = !same_block ? "" : current != nullptr && thread_of(theirs) / 32 == thread_of(mine) / 32 ? "threads of one warp" : "threads of one block";
    Finding finding{"race", region.shared ? "shared" : "global", hazard, here, other, true, {}, size, detail, plain_read};
    if (!may_be_same_value) {
        finding.address = describe(address);
        return report(std::move(finding));
    }
    if (write_waits) {  // another word of the same access
        const size_t end = address + 4 - reinterpret_cast<uintptr_t>(waiting_write.address);
        memcpy(waiting_write.before + waiting_write.size, waiting_write.address + waiting_write.size, end - waiting_write.size);
        waiting_write.size = end;
        return;
    }
    write_waits = true;
    waiting_write.size = 4;
    waiting_write.address = reinterpret_cast<const unsigned char *>(address);
    memcpy(waiting_write.before, waiting_write.address, 4);
    note_caller(finding.here);
    waiting_write.finding = std::move(finding);
}

void judge_write() {
    write_waits = false;
    if (memcmp(waiting_write.before, waiting_write.address, waiting_write.size) == 0) return;
    Finding &finding = waiting_write.finding;
    if (!is_new("race", finding.here, &finding.other)) return;
    finding.address = describe(reinterpret_cast<uintptr_t>(waiting_write.address));
    report(std::move(finding));
}

void elsewhere(Access access, const void *pointer, size_t size, const void *pc) {
    if (settle_bounds(access, pointer, size, pc)) return;
    const auto address = reinterpret_cast<uintptr_t>(pointer);
    if (in_stack_of_current(pointer) || is_runtimes(address, access)) return;
    const Party here = party(*current, pc, name(access));
    if (near_shared(address)) {
        report_place("out_of_bounds", "shared", here, nullptr, address, size, "");
        if (access == Access::write && !is_of_program(address)) abandon(kIllegalAddress);
        return;
    }
    const Allocation *allocation = allocation_at(address);
    if (allocation != nullptr && address < allocation->base + allocation->size) {  // registered memory of the host
        if (!allocation->freed) return;
    }
    if (address < 1 << 16) {
        report_place("out_of_bounds", "global", here, nullptr, address, size, "null pointer + " + std::to_string(address));
    } else if (is_mapped_by_host(address)) {
        report_place("device_access_of_host_memory", "global", here, nullptr, address, size, "a pointer to pageable memory of the host");
    } else {
        report_place("out_of_bounds", "global", here, nullptr, address, size, "an address in no allocation");
    }
    abandon(kIllegalAddress);
}

void host_access(Access access, const void *pointer, size_t size, const void *pc) {
    Region *region = arena_of(pointer);
    if (region == nullptr || region->presumed) return;
    if (!is_checked_thread()) {
        others_write = others_write || access == Access::write;
        return;
    }
    const auto address = reinterpret_cast<uintptr_t>(pointer);
    if (region->kind == Memory::device || region->kind == Memory::symbol) {
        report_place("host_access_of_device_memory", "global", host_party(pc, name(access)), nullptr, address, size, "");
        return;
    }
    // Managed and pinned memory: the host is one more party. It has one thread, of number 0.
    const Moved before = moved;
    const uint32_t code = code_of(pc);
    const Record mine = uint64_t{now.tick} << kTickShift | code;
    const size_t offset = address - region->base;
    if (access == Access::read)
        touch_range<Access::read, Manner::plain>(*region, offset, size, mine, static_cast<unsigned>(size));
    else
        touch_range<Access::write, Manner::plain>(*region, offset, size, mine, static_cast<unsigned>(size));
    for (size_t word = offset / 4; access == Access::write && word <= (offset + size - 1) / 4; ++word)
        region->state[word] = (region->state[word] & ~state::kOriginMask) | static_cast<uint32_t>(Origin::host) << state::kOrigin;
    moved = before;
}

void host_fault(const void *pointer, bool write, const void *pc) {
    if (!on) return;
    const auto address = reinterpret_cast<uintptr_t>(pointer);
    const auto next = static_cast<const char *>(pc) + 1;  // lines are looked up for the byte before a return address
    const char *access = write ? "write" : "read";
    if (current != nullptr) {
        report_place("out_of_bounds", "global", party(*current, next, access), nullptr, address, 0, address < 1 << 16 ? "null pointer + " + std::to_string(address) : "");
        return;
    }
    const Region *region = arena_of(pointer);
    if (region != nullptr && region->kind == Memory::device)
        report_place("host_access_of_device_memory", "global", host_party(next, access), nullptr, address, 0, "");
}

// An atomic that reads before it writes.
static void check_defined(const Thread &thread, const void *address, size_t size, const void *pc) {
    const auto at = reinterpret_cast<uintptr_t>(address);
    Region *region = region_of(at);
    if (region == nullptr || size > 4) return;
    const size_t word = (at - region->base) >> 2;
    const uint32_t mask = ((1u << size) - 1) << ((at - region->base) & 3);
    const uint32_t state = region->state[word] != 0 || region->shared ? region->state[word] : first_state(*region, word);
    if ((state >> state::kValid & mask) != mask || (state >> state::kDefined & mask) != 0) return;
    region->state[word] = state;
    undefined_read(*region, word, mask, record_of(thread, pc), static_cast<unsigned>(size));
}

// The thread's own plain reads were a look before an atomic that decides: what others do to the place later is no matter, nor
// is what others see who look and do nothing.
static void forget_looks(const Thread &thread, const void *address, size_t size) {
    const auto at = reinterpret_cast<uintptr_t>(address);
    Region *region = region_of(at);
    if (region == nullptr) return;
    for (size_t word = (at - region->base) >> 2; word <= (at + size - 1 - region->base) >> 2; ++word) {
        uint32_t &state = region->state[word];
        const auto forget = [&](Record read, unsigned shift, uint32_t atomic_bit) {
            const bool plain = (state >> shift & 15) != 0 && !(state & atomic_bit);
            if (!plain || thread_of(read) != thread.linear || tick_of(read) < now.slice_start) return;
            state &= ~(15u << shift);
            excuse_read(code_of(read));
        };
        forget(region->read[word], state::kRead, state::kReadAtomic);
        forget(region->read2[word], state::kRead2, state::kRead2Atomic);
    }
}

// The hooks that tell of single accesses.

void atomic(const void *address, uint32_t size, bool writes, Order order, Scope, const void *pc, bool reads, bool decides) {
    if (!on || current == nullptr) return;
    const Thread &thread = *current;
    const bool releases = order == Order::release || order == Order::acq_rel;
    if (write_waits) judge_write();
    if (!doubtful_reads.empty()) {
        const auto doubt = doubtful_reads.find(doubt_key(reinterpret_cast<uintptr_t>(address) & ~uintptr_t{3}, thread.linear));
        if (doubt != doubtful_reads.end()) {
            if (decides) excuse_read(doubt->second);
            doubtful_reads.erase(doubt);
        }
    }
    if (reads) acquire(thread, address);
    if (writes) {
        release(thread, address, releases);
        if (reads) check_defined(thread, address, size, pc);
        device_access<Access::write, Manner::atomic>(thread, address, size, pc);
        if (decides) forget_looks(thread, address, size);
    } else {
        device_access<Access::read, Manner::atomic>(thread, address, size, pc);
    }
    count_atomic();
}

void device_access(const void *address, size_t size, bool write, const void *pc) {
    if (!on || current == nullptr || size == 0) return;
    if (write)
        device_access<Access::write, Manner::plain>(*current, address, size, pc);
    else
        device_access<Access::read, Manner::plain>(*current, address, size, pc);
}

void forget_doubts() {
    if (write_waits) judge_write();
    doubtful_reads.clear();
}

void bad_mask(Thread &thread, uint32_t mask, const void *pc, const char *why) {
    if (!on) return;
    char text[16];
    snprintf(text, sizeof text, "0x%08x", mask);
    const Party here = party(thread, pc, nullptr);
    if (is_new("invalid_warp_mask", here, nullptr))
        report({"invalid_warp_mask", nullptr, nullptr, here, {}, false, "", 0, "mask " + std::string(text) + ": " + why});
}

void divergent_barrier(Thread &here, const void *pc, Thread &other, const void *other_pc, bool other_exited) {
    if (!on) return;
    // The compiler may have made two calls of one: it copies what follows a condition into both of its branches.
    if (!other_exited && same_line(pc, other_pc)) return;
    const Party first = party(here, pc, "barrier"), second = party(other, other_pc, other_exited ? "exit" : "barrier");
    if (is_new("divergent_barrier", first, &second))
        report({"divergent_barrier", nullptr, nullptr, first, second, true, "", 0, other_exited ? "the other thread ended without it" : "the other thread waits elsewhere"});
}

void grid_not_cooperative(Thread &thread, const void *pc) {
    if (!on) return;
    const Party here = party(thread, pc, "barrier");
    if (is_new("invalid_launch", here, nullptr))
        report({"invalid_launch", nullptr, nullptr, here, {}, false, "", 0, "the grid waits for all of its blocks, and its launch was not cooperative"});
}

void barrier_without_returned(Thread &here, const void *pc, Thread &returned) {
    if (!on) return;
    const Party first = party(here, pc, "barrier"), second = party(returned, nullptr, "return");
    if (!is_new("returned_before_barrier", first, &second)) return;
    Finding finding{"returned_before_barrier", nullptr, nullptr, first, second, true, "", 0, "the barrier waits for the threads that have not ended"};
    finding.note = true;
    report(std::move(finding));
}

void device_assert(const char *expression, const char *file, uint32_t line, const char *function) {
    if (!on || current == nullptr) return;
    Party here = party(*current, nullptr, nullptr);
    here.file = file;
    here.line = line;
    if (is_new("device_assert", here, nullptr))
        report({"device_assert", nullptr, nullptr, here, {}, false, "", 0, std::string(expression) + " in " + function});
}

}  // namespace emulate::check
