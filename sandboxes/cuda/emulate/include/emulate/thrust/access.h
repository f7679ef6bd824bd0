// A single element of device memory: the host copies it, a kernel touches it. Included by emulate/thrust/algorithms.h.
#pragma once

THRUST_NAMESPACE_BEGIN
namespace cuda_cub {

template <class Derived, class Pointer>
thrust::detail::it_value_t<Pointer> get_value(execution_policy<Derived> &policy, Pointer pointer) {
    if (::emulate::on_device()) return *thrust::raw_pointer_cast(pointer);
    using Value = thrust::detail::it_value_t<Pointer>;
    alignas(Value) unsigned char bytes[sizeof(Value)];
    auto *value = reinterpret_cast<Value *>(bytes);
    cuda_cub::throw_on_error(cuda_cub::trivial_copy_from_device(value, thrust::raw_pointer_cast(pointer), 1, cuda_cub::stream(policy)), "get_value: D->H failed");
    return *value;
}

// Between two places of the device.
template <class Derived, class To, class From>
void assign_value(execution_policy<Derived> &policy, To to, From from) {
    auto *target = thrust::raw_pointer_cast(to);
    auto *source = thrust::raw_pointer_cast(from);
    if constexpr (std::is_same<thrust::detail::it_value_t<To>, thrust::detail::it_value_t<From>>::value) {
        if (!::emulate::on_device())
            return cuda_cub::throw_on_error(cuda_cub::trivial_copy_device_to_device(policy, target, source, 1), "assign_value: D->D failed");
    }
    detail::for_elements(policy, "thrust assignment", 1, [=](std::size_t) { *target = *source; });
}

// Between a place of the device and one of the host.
template <class One, class Other, class To, class From>
void assign_value(cross_system<One, Other> &systems, To to, From from) {
    if (::emulate::on_device()) {
        *thrust::raw_pointer_cast(to) = *thrust::raw_pointer_cast(from);
    } else if constexpr (std::is_base_of<execution_policy<One>, One>::value) {
        thrust::detail::it_value_t<To> value = *from;
        cuda_cub::throw_on_error(cuda_cub::trivial_copy_to_device(thrust::raw_pointer_cast(to), &value, 1, cuda_cub::stream(thrust::detail::derived_cast(systems.sys1))),
                                 "assign_value: H->D failed");
    } else {
        *to = get_value(thrust::detail::derived_cast(systems.sys2), from);
    }
}

template <class Derived, class One, class Other>
void iter_swap(execution_policy<Derived> &policy, One one, Other other) {
    detail::for_elements(policy, "thrust::swap", 1, [a = thrust::raw_pointer_cast(one), b = thrust::raw_pointer_cast(other)](std::size_t) {
        using ::cuda::std::swap;
        swap(*a, *b);
    });
}

}  // namespace cuda_cub
THRUST_NAMESPACE_END
