#include "fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>

namespace emulate {

constexpr size_t guarded_stacks = 16384;

// System V ABI, x86-64: rbx, rbp, r12–r15 belong to the caller. The floating-point control words are never changed here.
asm(R"(
.text
.globl emulate_switch
.type emulate_switch, @function
emulate_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size emulate_switch, .-emulate_switch
)");

void *prepare_stack(unsigned char *top, void (*entry)()) {
    // At a function's first instruction the stack pointer is 8 below a multiple of 16: a return address was pushed.
    auto *slot = reinterpret_cast<uint64_t *>(top) - 1;
    *slot = 0;  // entry's return address: the end of every backtrace
    *--slot = reinterpret_cast<uint64_t>(entry);
    for (int i = 0; i < 6; ++i) *--slot = 0;
    return slot;
}

unsigned char *StackPool::take() {
    if (free_.empty()) {
        constexpr size_t count = 64, guard = 4096, stride = size + guard;
        void *memory = mmap(nullptr, count * stride, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) abort();
        auto *begin = static_cast<unsigned char *>(memory);
        regions_.push_back({begin, begin + count * stride});
        // Each guard page costs two of the mappings that a process may have (65530). Only cooperative grids need so many
        // stacks at once; those without guards are kept from becoming huge pages, of which a stack uses little.
        const bool guarded = regions_.size() <= guarded_stacks / count;
        if (!guarded) madvise(memory, count * stride, MADV_NOHUGEPAGE);
        for (size_t i = count; i-- > 0;) {
            if (guarded) mprotect(begin + i * stride, guard, PROT_NONE);
            free_.push_back(begin + (i + 1) * stride);
        }
    }
    unsigned char *top = free_.back();
    free_.pop_back();
    return top;
}

bool StackPool::owns(const void *address) const {
    auto *byte = static_cast<const unsigned char *>(address);
    for (const Region &region : regions_)
        if (region.begin <= byte && byte < region.end) return true;
    return false;
}

}  // namespace emulate
