// The virtual device: what it says of itself, by the published limits of its compute capability.
#pragma once
#include <cstddef>

namespace emulate {

// Limits that differ between compute capabilities (programming guide, "Technical Specifications per Compute Capability").
struct Capability {
    int major, minor;
    int shared_per_multiprocessor;   // bytes
    int shared_opt_in;               // bytes a block can have if asked for
    int blocks_per_multiprocessor;
    int warps_per_multiprocessor;
    int register_banks = 4;          // a warp's registers come in units of 256
};
const Capability &capability();

// Blocks that are on one multiprocessor at once.
int blocks_that_fit(int threads, size_t dynamic_shared);

constexpr int multiprocessors = 16;
constexpr int registers_per_block = 65536, register_unit = 256;
constexpr int shared_default = 48 << 10, shared_reserved = 1 << 10;   // bytes; reserved: per block, from 8.0 on
// The emulation compiles no device code, so it knows no kernel's registers. 32 let every kernel reach full occupancy.
constexpr int assumed_registers = 32;

}  // namespace emulate
