// Kernels of the toolkit's headers. libraries.py lets each say what it is called.
#pragma once
#include <tuple>
#include <emulate/launch.h>

namespace emulate {

// For the next kernel that the host launches on this OS thread. `in_order`: blocks begin in order of their index, since kernels of CUB
// wait for blocks that come before them. `frame`: of the caller, from which the user's own line is looked for.
void configure_library(dim3 grid, dim3 block, size_t dynamic_shared, cudaStream_t stream, const void *frame, bool in_order = true);

// What a kernel of any kind is.
Kernel kernel_at(const void *function);

// Whether a kernel was called only to be asked what it is.
inline bool introduced(const char *name) {
    return asked([](const char *name, unsigned bound) { return Kernel{name, bound, [](const void *, void **) {}}; }, name, 0);
}

template <class... Parameters, class... Arguments>
void run_library(void (*kernel)(Parameters...), const Arguments &...arguments) {
    std::tuple<std::remove_cv_t<Parameters>...> parameters(arguments...);
    const Kernel known = kernel_at(reinterpret_cast<const void *>(kernel));
    run(known.name, known.bound, [kernel, parameters]() mutable { std::apply(kernel, parameters); });
}

}  // namespace emulate
