// Split arrive/wait barriers (programming guide, "Asynchronous Barrier", primitives interface).
#pragma once
#include <cuda_runtime.h>
#include <stdint.h>
#ifdef EMULATE_DEVICE_CODE
#include <emulate/barrier.h>

typedef uint64_t __mbarrier_t;
typedef uint64_t __mbarrier_token_t;

EMULATE_INLINE uint32_t __mbarrier_maximum_count() { return ::emulate::barrier::count_mask; }
EMULATE_INLINE void __mbarrier_init(__mbarrier_t *barrier, uint32_t expected) { ::emulate::barrier::initialise(barrier, expected); }
EMULATE_INLINE void __mbarrier_inval(__mbarrier_t *barrier) { *barrier = 0; }
EMULATE_INLINE __mbarrier_token_t __mbarrier_arrive(__mbarrier_t *barrier) { return ::emulate::barrier::arrive(barrier, false); }
EMULATE_INLINE __mbarrier_token_t __mbarrier_arrive_and_drop(__mbarrier_t *barrier) { return ::emulate::barrier::arrive(barrier, true); }
EMULATE_INLINE bool __mbarrier_test_wait(__mbarrier_t *barrier, __mbarrier_token_t token) { return ::emulate::barrier::passed(barrier, token); }
EMULATE_INLINE bool __mbarrier_test_wait_parity(__mbarrier_t *barrier, bool parity) { return ::emulate::barrier::passed_parity(barrier, parity); }
// To wait for some time is to look once: between looks the others of the block run.
EMULATE_INLINE bool __mbarrier_try_wait(__mbarrier_t *barrier, __mbarrier_token_t token, uint32_t) { return ::emulate::barrier::passed(barrier, token); }
EMULATE_INLINE bool __mbarrier_try_wait_parity(__mbarrier_t *barrier, bool parity, uint32_t) { return ::emulate::barrier::passed_parity(barrier, parity); }
EMULATE_INLINE uint32_t __mbarrier_token_pending_count(__mbarrier_token_t token) { return static_cast<uint32_t>(::emulate::barrier::pending(token)); }
#endif
