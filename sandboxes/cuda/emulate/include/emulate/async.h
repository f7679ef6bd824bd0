// Asynchronous copies from global to shared memory (programming guide, "Asynchronous Data Copies"; PTX ISA, cp.async): a
// thread's copies are done when it waits for the group that they were committed in.
#pragma once
#include <stddef.h>

namespace emulate::async {

// 4, 8 or 16 bytes, to which both addresses must be aligned; the last `size - read` of them become 0.
void copy(void *to, const void *from, size_t size, size_t read);
void commit();
// All of the thread's groups but the last `pending` ones.
void wait(size_t pending);
// All of the thread's copies, committed or not.
void wait_all();
// The thread's copies so far are done by the end of the current phase of the barrier, and seen then.
void hand_over(const void *barrier);
// The phase of a barrier ends.
void phase_ends(const void *barrier);

}  // namespace emulate::async
