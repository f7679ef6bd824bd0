// Scans: each thread of a group gets what an operation makes of the values of the threads before it (and its own).
#pragma once
#include <cooperative_groups.h>
#include <cooperative_groups/functional.h>

namespace cooperative_groups {

template <class Group, class T, class Operation>
EMULATE_INLINE T inclusive_scan(const Group &group, const T &value, Operation &&operation) {
    T result = value;
    const unsigned mine = group.thread_rank();
    for (unsigned distance = 1; distance < group.size(); distance *= 2) {
        const T before = group.shfl_up(result, distance);
        if (mine >= distance) result = operation(before, result);
    }
    return result;
}
template <class Group, class T>
EMULATE_INLINE T inclusive_scan(const Group &group, const T &value) { return inclusive_scan(group, value, plus<T>()); }

// The first thread gets a value-initialised one.
template <class Group, class T, class Operation>
EMULATE_INLINE T exclusive_scan(const Group &group, const T &value, Operation &&operation) {
    const T before = group.shfl_up(inclusive_scan(group, value, operation), 1);
    return group.thread_rank() == 0 ? T() : before;
}
template <class Group, class T>
EMULATE_INLINE T exclusive_scan(const Group &group, const T &value) { return exclusive_scan(group, value, plus<T>()); }

}  // namespace cooperative_groups
