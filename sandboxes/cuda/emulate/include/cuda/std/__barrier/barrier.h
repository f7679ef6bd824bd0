// cuda::barrier and cuda::std::barrier. As in libcu++ a word counts who has arrived. What the threads did before they arrived is
// handed over for each phase by itself, as the device's own barriers do it ("mbarrier", PTX ISA): by the one word, whoever waits
// late would know of what others did after they had gone on, and a race with that would pass for ordered.
#pragma once
#include <cuda/std/__barrier/empty_completion.h>
#include <cuda/std/__barrier/poll_tester.h>
#include <cuda/std/__thread/threading_support.h>
#include <cuda/std/atomic>
#include <cuda/std/cstddef>
#include <cuda/std/cstdint>
#include <emulate/device.h>
#include <cuda/std/__cccl/prologue.h>

_CCCL_BEGIN_NAMESPACE_CUDA_STD

template <class Completion, thread_scope scope = thread_scope_system>
class __barrier_base {
    // From the lowest bit: how many are expected in each phase (32 bits), how many are still to arrive (31 bits), the phase.
    static constexpr uint64_t one_expected = 1, one_pending = 1ull << 32, phase_bit = 1ull << 63, expected_mask = one_pending - 1;

    mutable uint64_t state_;
    [[no_unique_address]] Completion completion_;

    template <class>
    friend class __barrier_poll_tester_phase;
    template <class>
    friend class __barrier_poll_tester_parity;
    template <class Barrier>
    friend bool __call_try_wait(const Barrier &, typename Barrier::arrival_token &&);
    template <class Barrier>
    friend bool __call_try_wait_parity(const Barrier &, bool);

    bool passed(uint64_t phase) const {
        if ((__atomic_load_n(&state_, __ATOMIC_RELAXED) & phase_bit) == phase) return false;
        ::emulate::phase_passed(&state_, phase != 0);
        return true;
    }
    void await(uint64_t phase) const {
        while (!passed(phase)) __cccl_thread_yield();
    }

  public:
    using arrival_token = uint64_t;

    __barrier_base() = default;
    constexpr __barrier_base(ptrdiff_t count, Completion completion = Completion()) : state_(one_pending * static_cast<uint64_t>(count) + static_cast<uint64_t>(count)), completion_(completion) {}
    __barrier_base(const __barrier_base &) = delete;
    __barrier_base &operator=(const __barrier_base &) = delete;

    bool __try_wait(arrival_token token) const { return passed(token & phase_bit); }
    bool __try_wait_parity(bool parity) const { return passed(parity ? phase_bit : 0); }

    arrival_token arrive(ptrdiff_t update = 1) {
        const uint64_t left = __atomic_sub_fetch(&state_, one_pending * static_cast<uint64_t>(update), __ATOMIC_RELAXED);
        const uint64_t phase = left & phase_bit;
        ::emulate::phase_arrived(&state_, phase != 0);
        if ((left & ~phase_bit) >= one_pending) return phase;
        if constexpr (!is_same_v<Completion, __empty_completion>) {
            ::emulate::phase_passed(&state_, phase != 0);   // it sees what all did, and all see what it does
            completion_();
            ::emulate::phase_arrived(&state_, phase != 0);
        }
        __atomic_fetch_add(&state_, (left & expected_mask) * one_pending + phase_bit, __ATOMIC_RELAXED);
        return phase;
    }
    void wait(arrival_token &&token) const { await(token & phase_bit); }
    void wait_parity(bool parity) const { await(parity ? phase_bit : 0); }
    void arrive_and_wait() { wait(arrive()); }
    void arrive_and_drop() {
        __atomic_fetch_sub(&state_, one_expected, __ATOMIC_RELAXED);
        (void)arrive();
    }
    static constexpr ptrdiff_t max() noexcept { return (1ll << 31) - 1; }
};

template <class Completion = __empty_completion>
class barrier : public __barrier_base<Completion> {
  public:
    constexpr barrier(ptrdiff_t count, Completion completion = Completion()) : __barrier_base<Completion>(count, completion) {}
};

_CCCL_END_NAMESPACE_CUDA_STD

#include <cuda/std/__cccl/epilogue.h>
