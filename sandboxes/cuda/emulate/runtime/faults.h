// Faults of the processor, told apart: the device's, which lose the device, and the host's, which end the program.
#pragma once
#include <cstddef>

namespace emulate {

// Once in each OS thread that runs device code: a signal stack, since a fault may be a stack's end.
void prepare_for_faults();

// Bytes of thread-local variables of the program, all shared memory among them.
size_t thread_local_size();

}  // namespace emulate
