// Copies, on the device and between it and the host. Included by emulate/thrust/algorithms.h.
#pragma once

THRUST_NAMESPACE_BEGIN
namespace cuda_cub {
namespace detail {

// Whether the bytes of one range, as they are, make the other.
template <class From, class To>
constexpr bool same_bytes = thrust::is_indirectly_trivially_relocatable_to<From, To>::value;

template <class Derived, class From, class To>
To copy_on_device(execution_policy<Derived> &policy, From from, std::size_t n, To to) {
    auto source = unwrapped(from);
    auto target = unwrapped(to);
    if constexpr (same_bytes<From, To>) {
        using Value = std::remove_cv_t<std::remove_pointer_t<decltype(source)>>;
        if (!::emulate::on_device()) {
            auto *bytes = const_cast<Value *>(reinterpret_cast<const Value *>(target));
            cuda_cub::throw_on_error(cuda_cub::trivial_copy_device_to_device(policy, bytes, static_cast<const Value *>(source), n), "copy: D->D failed");
            return to + n;
        }
    }
    for_elements(policy, "thrust::copy", n, [=](std::size_t i) mutable { *(target + i) = thrust::raw_reference_cast(*(source + i)); });
    return to + n;
}

// Values that are not simply bytes side by side pass through an array of them on either side.
template <class Host, class Device, class From, class To>
To copy_down(execution_policy<Device> &device, thrust::execution_policy<Host> &host, From from, std::size_t n, To to) {
    using Value = thrust::detail::it_value_t<From>;
    const cudaStream_t stream = cuda_cub::stream(device);
    if constexpr (same_bytes<From, To>) {
        auto *target = const_cast<Value *>(reinterpret_cast<const Value *>(unwrapped(to)));
        cuda_cub::throw_on_error(cuda_cub::trivial_copy_from_device(target, unwrapped(from), n, stream), "copy: D->H failed");
        return to + n;
    } else {
        thrust::detail::temporary_array<Value, Device> on_device(thrust::detail::derived_cast(device), n);
        copy_on_device(device, from, n, on_device.begin());
        thrust::detail::temporary_array<Value, Host> on_host(thrust::detail::derived_cast(host), n);
        cuda_cub::throw_on_error(
            cuda_cub::trivial_copy_from_device(thrust::raw_pointer_cast(on_host.data()), thrust::raw_pointer_cast(on_device.data()), n, stream), "copy: D->H failed");
        const Value *value = thrust::raw_pointer_cast(on_host.data());
        for (std::size_t i = 0; i < n; ++i, ++to) *to = value[i];
        return to;
    }
}

template <class Host, class Device, class From, class To>
To copy_up(thrust::execution_policy<Host> &host, execution_policy<Device> &device, From from, std::size_t n, To to) {
    using Value = thrust::detail::it_value_t<From>;
    const cudaStream_t stream = cuda_cub::stream(device);
    if constexpr (same_bytes<From, To>) {
        auto *target = const_cast<Value *>(reinterpret_cast<const Value *>(unwrapped(to)));
        cuda_cub::throw_on_error(cuda_cub::trivial_copy_to_device(target, static_cast<const Value *>(unwrapped(from)), n, stream), "copy: H->D failed");
        return to + n;
    } else {
        thrust::detail::temporary_array<Value, Host> on_host(thrust::detail::derived_cast(host), n);
        Value *value = thrust::raw_pointer_cast(on_host.data());
        for (std::size_t i = 0; i < n; ++i, ++from) ::new (static_cast<void *>(value + i)) Value(*from);
        thrust::detail::temporary_array<Value, Device> on_device(thrust::detail::derived_cast(device), n);
        cuda_cub::throw_on_error(cuda_cub::trivial_copy_to_device(thrust::raw_pointer_cast(on_device.data()), static_cast<const Value *>(value), n, stream), "copy: H->D failed");
        return copy_on_device(device, on_device.begin(), n, to);
    }
}

template <class One, class Other, class From, class To>
To copy_across(cross_system<One, Other> systems, From from, std::size_t n, To to) {
    auto &one = thrust::detail::derived_cast(systems.sys1);
    auto &other = thrust::detail::derived_cast(systems.sys2);
    if (n == 0) return to;
    if constexpr (std::is_base_of<execution_policy<One>, One>::value) return copy_down(one, other, from, n, to);
    else return copy_up(one, other, from, n, to);
}

}  // namespace detail

template <class Derived, class From, class To>
To copy(execution_policy<Derived> &policy, From first, From last, To result) {
    return detail::copy_on_device(policy, first, static_cast<std::size_t>(::cuda::std::distance(first, last)), result);
}
template <class Derived, class From, class Size, class To>
To copy_n(execution_policy<Derived> &policy, From first, Size n, To result) {
    return detail::copy_on_device(policy, first, static_cast<std::size_t>(n), result);
}
template <class One, class Other, class From, class To>
To copy(cross_system<One, Other> systems, From first, From last, To result) {
    return detail::copy_across(systems, first, static_cast<std::size_t>(::cuda::std::distance(first, last)), result);
}
template <class One, class Other, class From, class Size, class To>
To copy_n(cross_system<One, Other> systems, From first, Size n, To result) {
    return detail::copy_across(systems, first, static_cast<std::size_t>(n), result);
}

}  // namespace cuda_cub
THRUST_NAMESPACE_END
