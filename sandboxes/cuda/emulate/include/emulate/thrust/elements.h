// Algorithms that do something to each element by itself. What is not here Thrust makes of these. Included by emulate/thrust/algorithms.h.
#pragma once

THRUST_NAMESPACE_BEGIN
namespace cuda_cub {

template <class Derived, class Input, class Size, class Function>
Input for_each_n(execution_policy<Derived> &policy, Input first, Size n, Function function) {
    const auto count = n < 0 ? 0 : static_cast<std::size_t>(n);
    detail::for_elements(policy, "thrust::for_each", count,
                         [input = detail::unwrapped(first), function](std::size_t i) mutable { function(thrust::raw_reference_cast(*(input + i))); });
    return first + n;
}
template <class Derived, class Input, class Function>
Input for_each(execution_policy<Derived> &policy, Input first, Input last, Function function) {
    return cuda_cub::for_each_n(policy, first, ::cuda::std::distance(first, last), function);
}

template <class Derived, class Input, class Output, class Function>
Output transform(execution_policy<Derived> &policy, Input first, Input last, Output result, Function function) {
    const auto n = ::cuda::std::distance(first, last);
    detail::for_elements(policy, "thrust::transform", static_cast<std::size_t>(n),
                         [input = detail::unwrapped(first), output = detail::unwrapped(result), function](std::size_t i) mutable {
                             *(output + i) = function(thrust::raw_reference_cast(*(input + i)));
                         });
    return result + n;
}
template <class Derived, class Input, class Other, class Output, class Function>
Output transform(execution_policy<Derived> &policy, Input first, Input last, Other other, Output result, Function function) {
    const auto n = ::cuda::std::distance(first, last);
    detail::for_elements(policy, "thrust::transform", static_cast<std::size_t>(n),
                         [input = detail::unwrapped(first), second = detail::unwrapped(other), output = detail::unwrapped(result), function](std::size_t i) mutable {
                             *(output + i) = function(thrust::raw_reference_cast(*(input + i)), thrust::raw_reference_cast(*(second + i)));
                         });
    return result + n;
}

template <class Derived, class Output, class Function>
void tabulate(execution_policy<Derived> &policy, Output first, Output last, Function function) {
    detail::for_elements(policy, "thrust::tabulate", static_cast<std::size_t>(::cuda::std::distance(first, last)),
                         [output = detail::unwrapped(first), function](std::size_t i) mutable {
                             *(output + i) = function(static_cast<thrust::detail::it_difference_t<Output>>(i));
                         });
}

template <class Derived, class Output, class Size, class Value>
Output fill_n(execution_policy<Derived> &policy, Output first, Size n, const Value &value) {
    const auto count = n < 0 ? 0 : static_cast<std::size_t>(n);
    detail::for_elements(policy, "thrust::fill", count, [output = detail::unwrapped(first), value](std::size_t i) mutable { *(output + i) = value; });
    return first + n;
}
template <class Derived, class Output, class Value>
void fill(execution_policy<Derived> &policy, Output first, Output last, const Value &value) {
    cuda_cub::fill_n(policy, first, ::cuda::std::distance(first, last), value);
}

}  // namespace cuda_cub
THRUST_NAMESPACE_END
