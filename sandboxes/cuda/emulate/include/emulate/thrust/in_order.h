// Algorithms that one thread runs, by Thrust's sequential system. Included by emulate/thrust/algorithms.h.
#pragma once

THRUST_NAMESPACE_BEGIN
namespace cuda_cub {

// Only for arguments that the sequential system takes; Thrust leads all others to those.
#define EMULATE_IN_ORDER(name)                                                                                      \
    template <class Derived, class... Arguments>                                                                    \
    auto name(execution_policy<Derived> &policy, Arguments... arguments)                                            \
        -> decltype(name(std::declval<detail::sequence &>(), arguments...)) {                                       \
        using Result = decltype(name(std::declval<detail::sequence &>(), arguments...));                            \
        const auto body = [... values = detail::unwrapped(arguments)](detail::sequence &here) mutable { return name(here, values...); }; \
        if constexpr (std::is_void<Result>::value) detail::in_order(policy, "thrust::" #name, body);                \
        else return detail::Rewrap<Result>::of(detail::in_order(policy, "thrust::" #name, body));                   \
    }
EMULATE_IN_ORDER(adjacent_difference)
EMULATE_IN_ORDER(copy_if)
EMULATE_IN_ORDER(exclusive_scan)
EMULATE_IN_ORDER(exclusive_scan_by_key)
EMULATE_IN_ORDER(find_if)
EMULATE_IN_ORDER(inclusive_scan)
EMULATE_IN_ORDER(inclusive_scan_by_key)
EMULATE_IN_ORDER(max_element)
EMULATE_IN_ORDER(merge)
EMULATE_IN_ORDER(merge_by_key)
EMULATE_IN_ORDER(min_element)
EMULATE_IN_ORDER(minmax_element)
EMULATE_IN_ORDER(partition)
EMULATE_IN_ORDER(reduce_by_key)
EMULATE_IN_ORDER(remove_copy_if)
EMULATE_IN_ORDER(remove_if)
EMULATE_IN_ORDER(set_difference)
EMULATE_IN_ORDER(set_intersection)
EMULATE_IN_ORDER(set_symmetric_difference)
EMULATE_IN_ORDER(set_union)
EMULATE_IN_ORDER(stable_partition)
EMULATE_IN_ORDER(stable_partition_copy)
EMULATE_IN_ORDER(stable_sort)
EMULATE_IN_ORDER(stable_sort_by_key)
EMULATE_IN_ORDER(unique)
EMULATE_IN_ORDER(unique_by_key)
EMULATE_IN_ORDER(unique_by_key_copy)
EMULATE_IN_ORDER(unique_copy)
EMULATE_IN_ORDER(unique_count)
#undef EMULATE_IN_ORDER

}  // namespace cuda_cub
THRUST_NAMESPACE_END
