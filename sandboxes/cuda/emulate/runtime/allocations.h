// What the functions that allocate and free have in common.
#pragma once
#include <driver_types.h>

#include "hooks.h"

namespace emulate {

cudaError_t allocate_for(check::Memory kind, void **address, size_t size, const void *pc);
// `host`: by a function that frees memory of the host.
cudaError_t free_of(void *address, bool host, const void *pc);
// Memory was freed; it may have been a pool's.
void left_pool(const void *address);

}  // namespace emulate
