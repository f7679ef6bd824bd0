// What emulate/thrust/launch.h asks of the runtime.
#include <cstring>

#include "hooks.h"
#include "memory.h"
#include "world.h"

namespace emulate {

void hand_over(void *to, const void *from, size_t size) { memcpy(to, from, size); }

void *scratch(size_t size) {
    Thread *const thread = current;
    current = nullptr;   // the runtime works, and not the kernel
    void *memory = allocate(check::Memory::device, size > 0 ? size : 1);
    if (memory) check::allocated(check::Memory::device, memory, size > 0 ? size : 1, __builtin_return_address(0));
    current = thread;
    return memory;
}

void free_scratch(void *memory) {
    Thread *const thread = current;
    current = nullptr;
    if (check::freed(memory, __builtin_return_address(0))) release(check::Memory::device, memory);
    current = thread;
}

}  // namespace emulate
