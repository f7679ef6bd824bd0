// What the runtime tells of threads whose asynchronous copies may be under way.
#pragma once
#include "world.h"

namespace emulate::async {

// A thread ends, by itself or with its grid: what it did not wait for is not done. A block ends.
void forget(const Thread &thread);
void forget(const Block &block);

}  // namespace emulate::async
