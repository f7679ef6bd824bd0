// Shadow memory: what is known of every 4 bytes that a kernel can touch.
//
// An access is kept as one 64-bit record (when, who, where in the program); each word of 4 bytes has its last write, two
// reads by different threads, and a word of state. The four lie in arrays of their own, so that memory which is only read
// or only written costs no pages for the rest. A word whose state is 0 has not been looked at: its state is made from the
// allocation it lies in when it is first touched, so that allocating, copying and freeing cost nothing per word.
#pragma once
#include <cstddef>
#include <cstdint>

#include "../hooks.h"

// The checker begins before the constructors of the program and ends after its destructors, so all that it keeps is made
// before them (the runtime starts at priority 200) and outlives them.
#define EMULATE_EARLY __attribute__((init_priority(150)))

namespace emulate::check {

// tick << 32 | thread << 22 | code. The tick is a clock of the whole run that moves on at every event that can order
// accesses (begin of a block or an operation, barrier, fence): it tells the block (blocks run one after another) and
// the interval between barriers. The thread is the linear index in the block (at most 1024 threads). The code is the
// return address as an offset from the start of the executable, 0 where it lies beyond 4 MiB.
using Record = uint64_t;
constexpr unsigned kThreadShift = 22, kTickShift = 32;
constexpr uint32_t kCodeMask = (1u << kThreadShift) - 1, kThreadMask = 1023;

inline uint32_t tick_of(Record record) { return static_cast<uint32_t>(record >> kTickShift); }
inline uint32_t thread_of(Record record) { return static_cast<uint32_t>(record >> kThreadShift) & kThreadMask; }
inline uint32_t code_of(Record record) { return static_cast<uint32_t>(record) & kCodeMask; }

// Bits of a word's state. Masks have one bit per byte.
namespace state {
constexpr unsigned kValid = 0, kDefined = 4, kWrite = 8, kRead = 12, kRead2 = 16;  // shifts of the byte masks
constexpr uint32_t kWriteAtomic = 1u << 20, kReadAtomic = 1u << 21, kRead2Atomic = 1u << 22;
// Set besides the atomic bit where a volatile access is treated as a relaxed atomic.
constexpr uint32_t kWriteVolatile = 1u << 23, kReadVolatile = 1u << 24, kRead2Volatile = 1u << 25;
constexpr unsigned kOrigin = 26;  // shift of Origin, 3 bits
constexpr uint32_t kOriginMask = 7u << kOrigin;
constexpr uint32_t kInFlight = 1u << 29;  // an asynchronous copy to it is under way; whatever writes to it clears this
}  // namespace state

// Who gave a word its value last.
enum class Origin : uint32_t { nobody, kernel, copy, fill, host };

// A range of addresses with shadow.
struct Region {
    uintptr_t base = 0;
    size_t size = 0;  // bytes
    uint32_t *state = nullptr;
    Record *write = nullptr, *read = nullptr, *read2 = nullptr;
    Memory kind = Memory::device;
    bool shared = false;
    bool variables = false;  // of the program, with names of their own; else allocations
    bool presumed = false;   // nobody told that these are the device's: the host may use them
};

// Static shared memory is in the thread-local storage of the program, dynamic shared memory where the block says.
extern Region static_shared, dynamic_shared;
constexpr unsigned kMaxArenas = 8;
extern Region arenas[kMaxArenas];
extern unsigned arena_count;

// Reserves the arrays for `size` bytes from `base`; their pages are zero until touched.
void reserve_shadow(Region &region, uintptr_t base, size_t size);

}  // namespace emulate::check
