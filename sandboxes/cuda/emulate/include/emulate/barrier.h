// Barriers in shared memory at which threads arrive at one time and wait at another (PTX ISA, mbarrier). The object's 64 bits
// are the program's own memory, so that the checker sees them: how many are still to arrive, how many are expected in each
// phase, and the number of the phase.
#pragma once
#include <stdint.h>
#include <emulate/async.h>

namespace emulate::barrier {

constexpr unsigned count_bits = 20;
constexpr uint64_t count_mask = (1u << count_bits) - 1;   // "valid range of … count … 1 to 2^20 - 1"

EMULATE_INLINE uint64_t state(uint64_t phase, uint64_t expected, uint64_t pending) { return phase << 2 * count_bits | expected << count_bits | pending; }
EMULATE_INLINE uint64_t pending(uint64_t state) { return state & count_mask; }
EMULATE_INLINE uint64_t expected(uint64_t state) { return state >> count_bits & count_mask; }
EMULATE_INLINE uint64_t phase(uint64_t state) { return state >> 2 * count_bits; }

EMULATE_INLINE void initialise(uint64_t *barrier, unsigned count) { *barrier = state(0, count, count); }

// One arrival, which the thread's earlier accesses come before; with `drop`, later phases expect one less. Gives what was
// there before: the phase that the thread has arrived in.
EMULATE_INLINE uint64_t arrive(uint64_t *barrier, bool drop) {
    uint64_t before = __atomic_load_n(barrier, __ATOMIC_RELAXED), after;
    do {
        const uint64_t later = expected(before) - drop, left = pending(before) - 1;
        after = left != 0 ? state(phase(before), later, left) : state(phase(before) + 1, later, later);
    } while (!__atomic_compare_exchange_n(barrier, &before, after, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    if (phase(after) != phase(before)) ::emulate::async::phase_ends(barrier);
    return before;
}

// Whether the phase of an arrival is over; or the last one of a parity (the first phase has the even one). Who hears that it is
// not will ask again: others go first.
EMULATE_INLINE bool or_others_run(bool passed) {
    if (!passed) __nanosleep(0);
    return passed;
}
EMULATE_INLINE bool passed(uint64_t *barrier, uint64_t arrival) { return or_others_run(phase(__atomic_load_n(barrier, __ATOMIC_ACQUIRE)) != phase(arrival)); }
EMULATE_INLINE bool passed_parity(uint64_t *barrier, bool parity) { return or_others_run((phase(__atomic_load_n(barrier, __ATOMIC_ACQUIRE)) & 1) != parity); }

}  // namespace emulate::barrier
