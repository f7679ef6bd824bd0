// Asynchronous copies of single threads (programming guide, "Asynchronous Data Copies", pipeline primitives interface).
#pragma once
#include <cuda_awbarrier_primitives.h>
#ifdef EMULATE_DEVICE_CODE
#include <emulate/async.h>

EMULATE_INLINE void __pipeline_memcpy_async(void *__restrict__ to, const void *__restrict__ from, size_t size, size_t zeros = 0) {
    if ((size != 4 && size != 8 && size != 16) || zeros > size) __trap();   // as the toolkit's header does
    ::emulate::async::copy(to, from, size, size - zeros);
}
EMULATE_INLINE void __pipeline_commit() { ::emulate::async::commit(); }
EMULATE_INLINE void __pipeline_wait_prior(size_t pending) { ::emulate::async::wait(pending < 8 ? pending : 8); }   // at most 8, as there
EMULATE_INLINE void __pipeline_arrive_on(__mbarrier_t *barrier) { ::emulate::async::hand_over(barrier); }
#endif
