// reduce: all threads of a group get what an operation makes of all their values, in the order of their ranks.
#pragma once
#include <cooperative_groups.h>
#include <cooperative_groups/functional.h>

namespace cooperative_groups {

template <class Group, class T, class Operation>
EMULATE_INLINE T reduce(const Group &group, const T &value, Operation &&operation) {
    T result = group.shfl(value, 0);
    for (unsigned rank = 1; rank < group.size(); ++rank) result = operation(result, group.shfl(value, static_cast<int>(rank)));
    return result;
}


}  // namespace cooperative_groups
