// Launches, and the built-in variables of device code. The rewriter writes calls of what is here.
#pragma once
#include <stddef.h>
#include <type_traits>
#include <utility>
#include <emulate/layout.h>
#include <vector_types.h>
#include <driver_types.h>

// Dynamic shared memory of the block that runs.
extern "C" __thread unsigned char emulate_dynamic_shared[];

namespace emulate {

// What is known of a kernel from its code alone.
struct Kernel {
    const char *name;   // __PRETTY_FUNCTION__, at one address for each instantiation
    unsigned bound;     // __launch_bounds__' first argument; 0: none
    void (*call)(const void *function, void **arguments);  // calls it with arguments of its parameters' types
    const size_t *sizes;                                   // of its arguments as `call` takes them, in bytes; a 0 ends them
};

// <<<grid, block, shared, stream>>>: for the next kernel that the host calls on this OS thread.
void configure(dim3 grid, dim3 block, size_t dynamic_shared = 0, cudaStream_t stream = nullptr);

// Whether a kernel was called only to be asked what it is; then it is answered.
bool asked(Kernel (*answer)(const char *, unsigned), const char *name, unsigned bound);

// Runs a grid of threads; `body` calls a closure of `size` bytes, of which each thread has its own copy.
void run_grid(const char *name, unsigned bound, const void *closure, size_t size, size_t alignment, void (*body)(void *));

// What a parameter was declared as, without const and __restrict__ of its own.
template <class T> struct Plain { using type = std::remove_cv_t<T>; };
template <class T> struct Plain<T *__restrict__> { using type = T *; };
template <class T> struct Plain<T *const __restrict__> { using type = T *; };

// What the rewriter took for no reference, and so copies into each thread.
template <class T>
struct Copied {
    static_assert(!std::is_reference<T>::value, "unsupported: a kernel's reference parameter behind the name of a type");
    using type = T;
};
template <class T>
using ByValue = typename Copied<T>::type;

// How a parameter is handed to a kernel. One of a class with constructors of its own goes by its address (Itanium C++ ABI,
// "Non-trivial for the purposes of calls"): so said, nothing of that class runs for it.
template <class T>
constexpr bool by_address = !(std::is_trivially_copy_constructible<T>::value && std::is_trivially_move_constructible<T>::value && std::is_trivially_destructible<T>::value);
template <class T>
using Handed = std::conditional_t<std::is_class<T>::value && by_address<T>, T &, T>;

// One of cudaLaunchKernel's arguments. Of a reference there comes a pointer to its address.
template <class T>
decltype(auto) argument(void *place) {
    if constexpr (std::is_reference<T>::value) return static_cast<T>(**static_cast<std::remove_reference_t<T> **>(place));
    else return (*static_cast<typename Plain<T>::type *>(place));
}

template <class... Parameters, size_t... I>
void call_unpacked(void (*kernel)(Handed<Parameters>...), void **arguments, std::index_sequence<I...>) {
    kernel(argument<Parameters>(arguments[I])...);
}

// The bytes of each of cudaLaunchKernel's arguments.
template <class... Parameters>
inline constexpr size_t argument_sizes[] = {(std::is_reference<Parameters>::value ? sizeof(void *) : sizeof(typename Plain<Parameters>::type))..., 0};

template <class... Parameters>
Kernel describe(const char *name, unsigned bound) {
    return {name, bound, [](const void *function, void **arguments) {
        call_unpacked<Parameters...>(reinterpret_cast<void (*)(Handed<Parameters>...)>(const_cast<void *>(function)), arguments, std::index_sequence_for<Parameters...>());
    }, argument_sizes<Parameters...>};
}

template <class... Parameters>
inline bool described(const char *name, unsigned bound) {
    return asked(&describe<Parameters...>, name, bound);
}

template <class Body>
inline void run(const char *name, unsigned bound, const Body &body) {
    run_grid(name, bound, &body, sizeof body, alignof(Body), [](void *copy) {
        if constexpr (std::is_trivially_copyable<Body>::value) {
            // A local copy whose address nobody knows: the parameters can live in registers.
            Body own(*static_cast<Body *>(copy));
            own();
        } else {
            // The device gets the bytes. What copies and destroys a parameter of such a class runs on the host alone.
            (*static_cast<Body *>(copy))();
        }
    });
}

constexpr unsigned first(unsigned value, ...) { return value; }

// The built-in variables are the same through all of a thread's life, so the compiler may keep what it has read once:
// the assembly is not volatile. It is assembly, too, to keep these reads out of the checker's sight.

template <unsigned offset>
__attribute__((always_inline)) inline unsigned read_thread() {
    unsigned long value;
    asm("movq %%fs:_ZN7emulate7currentE@tpoff, %q0\n\tmovl %c1(%q0), %k0" : "=r"(value) : "i"(offset));
    return value;
}
template <unsigned offset>
__attribute__((always_inline)) inline unsigned read_block() {
    unsigned long value;
    asm("movq %%fs:_ZN7emulate7currentE@tpoff, %q0\n\tmovq %c1(%q0), %q0\n\tmovl %c2(%q0), %k0"
        : "=r"(value) : "i"(layout::thread_block), "i"(offset));
    return value;
}
template <unsigned offset>
__attribute__((always_inline)) inline unsigned read_launch() {
    unsigned long value;
    asm("movq %%fs:_ZN7emulate7currentE@tpoff, %q0\n\tmovq %c1(%q0), %q0\n\tmovq %c2(%q0), %q0\n\tmovl %c3(%q0), %k0"
        : "=r"(value) : "i"(layout::thread_block), "i"(layout::block_launch), "i"(offset));
    return value;
}

__attribute__((always_inline)) inline const uint3 thread_index() {
    return {read_thread<layout::thread_index>(), read_thread<layout::thread_index + 4>(), read_thread<layout::thread_index + 8>()};
}
__attribute__((always_inline)) inline const uint3 block_index() {
    return {read_block<layout::block_index>(), read_block<layout::block_index + 4>(), read_block<layout::block_index + 8>()};
}
__attribute__((always_inline)) inline const dim3 block_size() {
    return {read_launch<layout::launch_block>(), read_launch<layout::launch_block + 4>(), read_launch<layout::launch_block + 8>()};
}
__attribute__((always_inline)) inline const dim3 grid_size() {
    return {read_launch<layout::launch_grid>(), read_launch<layout::launch_grid + 4>(), read_launch<layout::launch_grid + 8>()};
}

// Whether a thread of a kernel runs this, and not the host.
__attribute__((always_inline)) inline bool thread_runs() {
    unsigned long value;
    asm("movq %%fs:_ZN7emulate7currentE@tpoff, %q0" : "=r"(value));
    return value != 0;
}
constexpr bool on_device() { return !__builtin_is_constant_evaluated() && thread_runs(); }

// The current thread, if any, leaves a function before its end.
__attribute__((always_inline)) inline void mark_returned() {
    unsigned long thread;
    asm("movq %%fs:_ZN7emulate7currentE@tpoff, %q0" : "=r"(thread));
    if (thread) asm volatile("movb $1, %c1(%q0)" : : "r"(thread), "i"(layout::thread_returned));
}
constexpr void returned() {
    if (!__builtin_is_constant_evaluated()) mark_returned();
}

}  // namespace emulate
