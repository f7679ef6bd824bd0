// Sums and their like. Included by emulate/thrust/algorithms.h.
#pragma once

THRUST_NAMESPACE_BEGIN
namespace cuda_cub {
namespace detail {

// As a GPU's threads do, a few elements one after another, and then what came of them in a tree: sums of many floats are as
// exact as there, and not as inexact as those of one long chain.
template <class Partial, class Input, class Function>
Partial reduced(Input first, std::size_t n, Function &function) {
    constexpr std::size_t in_a_row = 16;
    if (n > in_a_row) {
        const std::size_t half = (n / 2 + in_a_row - 1) / in_a_row * in_a_row;
        const Partial left = reduced<Partial>(first, half, function);
        return function(left, reduced<Partial>(first + half, n - half, function));
    }
    Partial value = thrust::raw_reference_cast(*first);
    for (std::size_t i = 1; i < n; ++i) value = function(value, thrust::raw_reference_cast(*(first + i)));
    return value;
}

}  // namespace detail

template <class Derived, class Input, class Value, class Function>
Value reduce(execution_policy<Derived> &policy, Input first, Input last, Value init, Function function) {
    using Partial = ::cuda::std::__accumulator_t<Function, thrust::detail::it_value_t<Input>, Value>;
    const auto n = static_cast<std::size_t>(::cuda::std::distance(first, last));
    if (n == 0) return init;
    return detail::in_order(policy, "thrust::reduce", [=, input = detail::unwrapped(first)](detail::sequence &) mutable {
        return static_cast<Value>(function(init, detail::reduced<Partial>(input, n, function)));
    });
}

}  // namespace cuda_cub
THRUST_NAMESPACE_END
