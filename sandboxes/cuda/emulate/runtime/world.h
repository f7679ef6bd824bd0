// Who runs: launches, blocks, threads. Everything else of the runtime refers to these.
#pragma once
#include <cstddef>
#include <cstdint>

namespace emulate {

struct Index {
    uint32_t x = 0, y = 0, z = 0;
};

// One kernel launch. Lives as long as the process: reports refer to it.
struct Launch {
    uint32_t id;         // 1, 2, … in order of issue
    const char *kernel;  // demangled name
    Index grid, block;
    uint32_t dynamic_shared;  // bytes
    uint32_t stream;          // 0: the default stream
    bool cooperative;         // all of its blocks are there at once, and can wait for each other
    const void *from;         // of a library's kernel: where the user's code called the library, or null
};

struct Block;

// One thread of a block: a fiber.
struct Thread {
    Block *block;
    Index index;
    uint32_t linear;        // in its block, as warps are formed: x fastest
    uint32_t warp, lane;    // in its block, in its warp
    bool exited;
    bool returned;          // before the end of its kernel, or of a function that the kernel calls
};

// A block that is being run, on one OS thread from its first thread to its last.
struct Block {
    Launch *launch;
    Index index;
    uint64_t linear;      // in its grid
    uint32_t threads;
    uint32_t barriers;    // block barriers that all of it has passed
    unsigned char *dynamic_shared;  // of launch->dynamic_shared bytes
    Thread *all;          // `threads` of them, by linear index
};

// The thread that runs now on this OS thread; null in host code and inside the runtime's own scheduling. (`__thread`, as it
// needs no wrapper function; inside a function of the runtime that device code called it is the caller.)
extern __thread Thread *current;

}  // namespace emulate
