// Array indices that gcc's -fsanitize=bounds-strict found to be out of bounds.
#pragma once
#include "access.h"

namespace emulate::check {

// The handler does not learn where the array lies: the access that follows on the same line shows it. True if this one is
// it: it has been reported then. Called for each access while an index waits.
bool settle_bounds(Access access, const void *address, size_t size, const void *pc);
// Reports what still waits: an array in registers or on the stack.
void flush_bounds();

}  // namespace emulate::check
