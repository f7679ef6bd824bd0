// How the memory requests of warps fall: sectors of global memory, banks of shared memory. Taken from some blocks of a
// launch only, as each access is logged.
#pragma once
#include "access.h"

namespace emulate::check {

// Of the sampled blocks.
struct Traffic {
    uint64_t requests[2][2];   // by space (0 global, 1 shared) and access (0 read, 1 write): one per warp and instruction
    uint64_t lanes[2][2];      // lanes that took part in them
    uint64_t possible[2][2];   // lanes that their warps have
    uint64_t sectors[2];       // of 32 bytes, by access
    uint64_t least_sectors[2]; // that the same bytes would need, lying together
    uint64_t wavefronts[2];    // passes over the banks; as many as least_wavefronts where nothing conflicts
    uint64_t least_wavefronts[2];
};

void begin_sample(const Block &block);
void end_sample(const Block &block, Traffic &into);

}  // namespace emulate::check
