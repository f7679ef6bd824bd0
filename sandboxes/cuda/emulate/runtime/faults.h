// Faults of the processor, told apart: the device's, which lose the device, and the host's, which end the program.
#pragma once
#include <cstddef>

namespace emulate {

// Once in each OS thread that runs device code: a signal stack, since a fault may be a stack's end.
void prepare_for_faults();

// The program ends here, not by `exit`: what was found is written.
void last_words(const char *how);

// While one lives, its OS thread runs device code, and is interrupted now and then: a thread that waits for another one by
// plain reads would run for ever. Only where checking is off: the checker sees such reads.
class Ticks {
  public:
    Ticks();
    ~Ticks();
};

// Bytes of thread-local variables of the program, all shared memory among them.
size_t thread_local_size();

}  // namespace emulate
