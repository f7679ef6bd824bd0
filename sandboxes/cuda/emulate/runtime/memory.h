// Device memory, and the memory of the host that the device may touch.
#pragma once
#include <cstddef>
#include <cstdint>

#include "hooks.h"

namespace emulate {

struct Allocation {
    unsigned char *begin;
    size_t size;
    check::Memory kind;
    bool heap = false;    // by malloc in device code
};

// The memory of a device: allocations of `kind`, each aligned to 256 bytes ("at least 256 bytes": programming guide, device
// memory accesses), or to 512 where it may become a texture, and with at least 256 bytes of nothing behind it. No address is
// given out twice: a pointer to freed memory never points into another allocation. Null: no memory is left.
void *allocate(check::Memory kind, size_t size, bool heap = false);
// False: no allocation begins there.
bool release(check::Memory kind, const void *address);
// The allocation that an address lies in (or just behind), or null. By value: others may allocate at the same time.
bool find_allocation(const void *address, Allocation &found);

// Variables of device code whose addresses the host asked for.
void note_symbol(const void *address, size_t size);
bool is_symbol(const void *address);
size_t size_of_symbol(const void *address);   // 0: not known

bool is_device(const void *address);    // in the device's own memory, which the host must not touch
// The same bytes where the runtime may touch them: device memory has a second mapping.
void *reachable(const void *address);

size_t memory_in_use();                  // bytes, of all kinds on the device
// Bytes of memory that the virtual device states to have. Programs size their buffers by it; what counts in the end is the
// sandbox's own limit.
constexpr size_t device_memory = size_t(16) << 30;

// Tells the checker where memory of each kind lies.
void declare_arenas();

// While one lives, a grid runs: device memory may be touched. Else a touch is a fault.
class DeviceTurn {
  public:
    DeviceTurn();
    ~DeviceTurn();
};

}  // namespace emulate
