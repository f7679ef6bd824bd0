// Asynchronous copies into shared memory. When one begins, its target is looked at as for a write, and then holds nothing that
// may be read. When it ends, its source counts as read once more, for what others did to it meanwhile, and its target as
// written: only then two copies of the same bytes to one place are seen to do no harm.
#include <algorithm>

#include "access.h"
#include "memory.h"
#include "report.h"

namespace emulate::check {

namespace {

constexpr int kIllegalAddress = 700;  // cudaErrorIllegalAddress

// The words of shared memory in a range: `what(region, word, mask of its bytes in the range)`.
template <class Do>
void each_shared_word(const void *address, size_t size, Do what) {
    const auto from = reinterpret_cast<uintptr_t>(address);
    Region *region = region_of(from);
    if (region == nullptr || !region->shared) return;
    const uintptr_t to = std::min(from + size, region->base + region->size);
    for (uintptr_t word = from & ~uintptr_t{3}; word < to; word += 4) what(*region, (word - region->base) >> 2, valid_bytes(word, from, to));
}

template <Access access>
void touch_again(const void *address, size_t size, const void *pc) {
    const auto at = reinterpret_cast<uintptr_t>(address);
    Region *region = region_of(at);
    if (region == nullptr || size == 0) return;   // it was reported when the copy began
    touch_range<access, Manner::plain>(*region, at - region->base, size, record_of(*current, pc), static_cast<unsigned>(size));
}

}  // namespace

void conceal(const void *address, size_t size) {
    if (!on) return;
    each_shared_word(address, size, [](Region &region, size_t word, uint32_t mask) {
        region.state[word] = (region.state[word] & ~(mask << state::kDefined)) | state::kInFlight;
    });
}

void reveal(const void *address, size_t size) {
    if (!on) return;
    each_shared_word(address, size, [](Region &region, size_t word, uint32_t mask) {
        region.state[word] = (region.state[word] | mask << state::kDefined) & ~state::kInFlight;
    });
}

void copy_begins(void *to, const void *from, size_t size, size_t read, const void *pc) {
    if (!on || current == nullptr) return;
    device_access(from, read, false, pc);
    const Region *region = region_of(reinterpret_cast<uintptr_t>(to));
    if (in_stack_of_current(to) || (region != nullptr && !region->shared)) {
        const Party here = party(*current, pc, "write");
        if (is_new("out_of_bounds", here, nullptr))
            report({"out_of_bounds", "shared", nullptr, here, {}, false, describe(reinterpret_cast<uintptr_t>(to)), size, "an asynchronous copy goes to shared memory"});
        abandon(kIllegalAddress);
    }
    // As a write, which leaves no trace of itself.
    struct Word {
        uint32_t state;
        Record write;
    } before[4 + 1];   // 16 bytes, or a misaligned place
    size_t count = 0;
    each_shared_word(to, size, [&](Region &region, size_t word, uint32_t) { before[count++] = {region.state[word], region.write[word]}; });
    device_access(to, size, true, pc);
    if (write_waits) judge_write();
    count = 0;
    each_shared_word(to, size, [&](Region &region, size_t word, uint32_t) {
        region.state[word] = before[count].state;
        region.write[word] = before[count++].write;
    });
    conceal(to, size);
}

void copy_ends(void *to, const void *from, size_t size, size_t read, const void *pc) {
    if (!on || current == nullptr) return;
    if (write_waits) judge_write();
    const Moved before = moved;
    touch_again<Access::read>(from, read, pc);
    touch_again<Access::write>(to, size, pc);
    moved = before;
}

}  // namespace emulate::check
