// Happens-before. Three levels: operations in streams (vector clocks), threads of a block (barriers, warp barriers), and
// hand-overs between any threads by fences and atomics.
#pragma once
#include <vector>

#include "shadow.h"

namespace emulate::check {

// What accesses memory: a launch, a copy, a fill, or the host from one of its calls to the next.
struct Operation {
    enum class Kind : uint8_t { host, launch, copy, fill } kind;
    uint32_t queue;     // 0: the host, else 1 + stream
    uint32_t sequence;  // within its queue, from 1
    Launch *launch;     // of a launch
    uint32_t code;      // of a copy or a fill: who called
};

// A stretch of ticks that belongs to one operation, and of a launch to one block.
struct Slice {
    uint32_t start;
    uint32_t operation;  // index
    uint64_t block;      // linear index in its grid
};

// The present, kept ready for the hot path.
struct Now {
    uint32_t tick = 1;
    uint32_t ordered_below = 1;  // all accesses of earlier ticks are ordered before what runs now
    uint32_t slice_start = 1;    // accesses of this tick or later are of this block (or this stretch of the host)
    uint32_t barrier = 1;        // those of this block before this tick lie before its last barrier
    uint32_t grid_barrier = 0;   // all accesses of this launch before this tick are known to all of it
};
extern Now now;

// `record` was made by the same thread as `mine`, or is ordered before it by operations or by a block barrier. False is no
// verdict yet: ask `ordered`.
inline bool plainly_ordered(Record record, Record mine) {
    const uint32_t tick = tick_of(record), age = tick - now.slice_start;
    if (age < now.barrier - now.slice_start || tick < now.ordered_below) return true;
    return tick >= now.slice_start && thread_of(record) == thread_of(mine);
}
// The whole question, for the current thread (or the host).
bool ordered(Record record, const Thread *thread);

const Slice &slice_of(uint32_t tick);
const Operation &operation_of(const Slice &slice);

// An operation of a stream from here to end_operation(); what lies between is not the host's.
void begin_operation(Operation::Kind kind, uint32_t stream, Launch *launch, uint32_t code);
void end_operation();
bool several_streams();

// The order within a block: see block_order.cpp.
void begin_block(const Block &block);
void begin_block_order(const Block &block);
bool ordered_in_launch(Record record, const Thread &thread);
void forget_handovers();
void acquire(const Thread &thread, const void *address);
void release(const Thread &thread, const void *address, bool fence_included);

}  // namespace emulate::check
