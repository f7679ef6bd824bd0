// Thrust's algorithms on the device. Each call is a launch, on the policy's stream, so that what functors do is checked as any
// kernel's code is. What Thrust does to each element by itself, it does in a thread of its own, as on a GPU: two elements that
// write to one place race. Other algorithms run in one thread, by Thrust's sequential system; their results are those of a GPU
// wherever Thrust says what they are.
#pragma once
#include <thrust/detail/config.h>
#include <thrust/iterator/iterator_traits.h>
#include <thrust/detail/execute_with_allocator_fwd.h>
#include <thrust/detail/raw_pointer_cast.h>
#include <thrust/detail/raw_reference_cast.h>
#include <thrust/detail/seq.h>
#include <thrust/detail/type_traits.h>
#include <thrust/system/cuda/config.h>
#include <thrust/system/cuda/detail/cross_system.h>
#include <thrust/system/cuda/detail/execution_policy.h>
#include <thrust/system/cuda/detail/malloc_and_free.h>
#include <thrust/system/cuda/detail/per_device_resource.h>
#include <thrust/system/cuda/detail/temporary_buffer.h>
#include <thrust/system/cuda/detail/util.h>
#include <thrust/system/detail/bad_alloc.h>
#include <thrust/type_traits/is_trivially_relocatable.h>
#include <thrust/type_traits/unwrap_contiguous_iterator.h>
#include <cuda/std/__functional/invoke.h>
#include <cuda/std/__iterator/distance.h>
#include <cuda/std/__utility/pair.h>
#include <cuda/std/__utility/swap.h>
#include <new>
#include <type_traits>
#include <utility>
#include <emulate/library.h>

#include <emulate/thrust/launch.h>
#include <emulate/thrust/access.h>
#include <emulate/thrust/copy.h>
#include <emulate/thrust/elements.h>
#include <emulate/thrust/in_order.h>
#include <emulate/thrust/reduce.h>
#include <thrust/detail/temporary_array.h>

// What programs get from Thrust's own headers without asking for it.
#include <chrono>
#include <sstream>
#include <thrust/zip_function.h>
