// Functions of a warp: shuffles, votes, match and reduce. Defined in the runtime, so that a call's return address is the
// user's own line.
#pragma once

void __syncwarp(unsigned mask = 0xffffffffu);
unsigned __activemask();
unsigned __ballot_sync(unsigned mask, int predicate);
int __all_sync(unsigned mask, int predicate);
int __any_sync(unsigned mask, int predicate);
int __uni_sync(unsigned mask, int predicate);

#define EMULATE_FOR_SHUFFLED(declare) \
    declare(int) declare(unsigned) declare(long) declare(unsigned long) declare(long long) declare(unsigned long long) declare(float) declare(double)

#define EMULATE_SHUFFLE(T)                                                             \
    T __shfl_sync(unsigned mask, T value, int lane, int width = 32);                   \
    T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32);          \
    T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32);        \
    T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32);              \
    unsigned __match_any_sync(unsigned mask, T value);                                 \
    unsigned __match_all_sync(unsigned mask, T value, int *predicate);
EMULATE_FOR_SHUFFLED(EMULATE_SHUFFLE)
#undef EMULATE_SHUFFLE

unsigned __reduce_add_sync(unsigned mask, unsigned value);
unsigned __reduce_min_sync(unsigned mask, unsigned value);
unsigned __reduce_max_sync(unsigned mask, unsigned value);
int __reduce_add_sync(unsigned mask, int value);
int __reduce_min_sync(unsigned mask, int value);
int __reduce_max_sync(unsigned mask, int value);
unsigned __reduce_and_sync(unsigned mask, unsigned value);
unsigned __reduce_or_sync(unsigned mask, unsigned value);
unsigned __reduce_xor_sync(unsigned mask, unsigned value);

namespace emulate {
// For cooperative groups: the lanes that come to this call together, and a shuffle of one 64-bit value by lane of the warp.
unsigned gather(const void *place);
unsigned long long exchange(unsigned mask, unsigned long long value, unsigned source_lane);
unsigned lane();
unsigned warp_lanes();   // lanes of this warp that the block has
}  // namespace emulate
