// How an algorithm of Thrust becomes a launch. Included by emulate/thrust/algorithms.h.
#pragma once

namespace emulate {
// From a kernel's thread: brings bytes to the host's memory, unseen by the checker. As a GPU's results come: by a copy.
void hand_over(void *to, const void *from, size_t size);
// Device memory for an algorithm's own passing use, allocated and freed by a kernel's thread. Null: none is left.
void *scratch(size_t size);
void free_scratch(void *memory);
}  // namespace emulate

THRUST_NAMESPACE_BEGIN
namespace detail {
template <typename T, typename System>
class temporary_array;   // whose header needs this one
}
namespace cuda_cub {
namespace detail {

// Thrust's sequential system, in a kernel that an algorithm is: its passing memory is the device's, not the small heap of `malloc`.
struct sequence : thrust::system::detail::sequential::execution_policy<sequence> {
    sequence() = default;
    // As thrust::seq does, so that it is chosen where iterators of several systems meet.
    template <class Other>
    sequence(const thrust::execution_policy<Other> &) {}
};

inline void *malloc(sequence &, std::size_t size) {
    void *memory = ::emulate::scratch(size);
    if (!memory) throw thrust::system::detail::bad_alloc("temporary storage");
    return memory;
}
template <class Pointer>
void free(sequence &, Pointer memory) {
    ::emulate::free_scratch(thrust::raw_pointer_cast(memory));
}

// Threads of a block, and at most as many blocks: beyond, each thread takes several elements.
constexpr std::size_t threads_per_block = 256;

// The kernel's caller is the user's call of the algorithm, which the runtime looks for from this frame outwards.
template <class Kernel>
__attribute__((noinline)) void launch(cudaStream_t stream, const char *name, std::size_t blocks, std::size_t threads, const Kernel &kernel) {
    ::emulate::configure_library(static_cast<unsigned>(blocks), static_cast<unsigned>(threads), 0, stream, __builtin_frame_address(0), false);
    ::emulate::run(name, 0, kernel);
}

template <class Policy>
void wait(Policy &policy, const char *name, bool always) {
    cuda_cub::throw_on_error(always ? cuda_cub::synchronize(policy) : cuda_cub::synchronize_optional(policy), name);
}

// body(i) for each of n elements, each in a thread of its own.
template <class Derived, class Body>
void for_elements(execution_policy<Derived> &policy, const char *name, std::size_t n, Body body) {
    if (::emulate::on_device()) {
        for (std::size_t i = 0; i < n; ++i) body(i);
        return;
    }
    if (n == 0) return;
    const std::size_t blocks = (n + threads_per_block - 1) / threads_per_block;
    const std::size_t most = blocks < threads_per_block ? blocks : threads_per_block;
    launch(cuda_cub::stream(policy), name, most, threads_per_block, [=]() mutable {
        const std::size_t first = ::emulate::read_block<::emulate::layout::block_index>() * threads_per_block + ::emulate::read_thread<::emulate::layout::thread_index>();
        for (std::size_t i = first; i < n; i += most * threads_per_block) body(i);
    });
    wait(policy, name, false);
}

// What comes back from the one thread that an algorithm in order is.
template <class Result>
struct Answer {
    alignas(Result) unsigned char bytes[sizeof(Result)];
    bool given = false, out_of_memory = false;
};

// An allocator that a policy was made with is asked for passing memory, as by Thrust's own algorithms: programs keep count.
template <class Policy>
constexpr bool has_allocator = false;
template <class Allocator, template <class> class Base>
constexpr bool has_allocator<thrust::detail::execute_with_allocator<Allocator, Base>> = true;

template <class Derived>
void ask_allocator(execution_policy<Derived> &policy) {
    constexpr std::ptrdiff_t least = 256;   // bytes
    if constexpr (has_allocator<Derived>) thrust::detail::temporary_array<unsigned char, Derived> memory(thrust::detail::derived_cast(policy), least);
}

// Runs an algorithm in one thread; `body(sequence)` is it. The device's results are on the host when it returns.
template <class Derived, class Body>
auto in_order(execution_policy<Derived> &policy, const char *name, Body body) {
    using Result = decltype(body(std::declval<sequence &>()));
    constexpr bool nothing = std::is_void<Result>::value;
    using Kept = std::conditional_t<nothing, bool, Result>;
    if (::emulate::on_device()) {
        sequence here;
        return body(here);
    }
    // A graph that keeps the kernel could give its answer to nobody: as with Thrust's own, which allocates.
    cudaStreamCaptureStatus capture = cudaStreamCaptureStatusNone;
    if (const cudaError_t error = cudaStreamIsCapturing(cuda_cub::stream(policy), &capture)) cuda_cub::throw_on_error(error, name);
    if (capture != cudaStreamCaptureStatusNone) cuda_cub::throw_on_error(cudaErrorStreamCaptureUnsupported, name);
    ask_allocator(policy);
    Answer<Kept> answer;
    launch(cuda_cub::stream(policy), name, 1, 1, [body, to = &answer]() mutable {
        const bool yes = true;
        sequence here;
        try {
            if constexpr (nothing) {
                body(here);
            } else {
                // Its bytes are what comes from a device; nothing of its class runs for the copy.
                alignas(Kept) unsigned char result[sizeof(Kept)];
                ::new (static_cast<void *>(result)) Kept(body(here));
                ::emulate::hand_over(to->bytes, result, sizeof result);
            }
            ::emulate::hand_over(&to->given, &yes, sizeof yes);
        } catch (const std::bad_alloc &) {
            ::emulate::hand_over(&to->out_of_memory, &yes, sizeof yes);
        }
    });
    wait(policy, name, !nothing);
    if (answer.out_of_memory) throw thrust::system::detail::bad_alloc(thrust::cuda_category().message(cudaErrorMemoryAllocation).c_str());
    if (!answer.given) cuda_cub::throw_on_error(cudaErrorLaunchFailure, name);
    if constexpr (!nothing) return Kept(std::move(*reinterpret_cast<Kept *>(answer.bytes)));
}

// Raw pointers in the place of iterators over contiguous memory, as Thrust's own kernels have them …
template <class T>
auto unwrapped(const T &value) {
    return thrust::try_unwrap_contiguous_iterator(value);
}
// … and back.
template <class Wrapped>
struct Rewrap {
    template <class T>
    static Wrapped of(const T &value) {
        if constexpr (std::is_constructible<Wrapped, const T &>::value) return Wrapped(value);
        else return Wrapped(typename Wrapped::base_type(value));
    }
};
template <class First, class Second>
struct Rewrap<::cuda::std::pair<First, Second>> {
    template <class T>
    static ::cuda::std::pair<First, Second> of(const T &value) {
        return {Rewrap<First>::of(value.first), Rewrap<Second>::of(value.second)};
    }
};

}  // namespace detail
}  // namespace cuda_cub
THRUST_NAMESPACE_END
