// What is counted per kernel, and where the checker begins and ends.
#pragma once
#include "access.h"

namespace emulate::check {

void count_atomic();
// The OS thread that runs the kernels; what other threads of the host do is not followed.
bool is_checked_thread();
// A block ends, or lets another one run: nobody will excuse its reads any more.
void forget_doubts();

}  // namespace emulate::check
