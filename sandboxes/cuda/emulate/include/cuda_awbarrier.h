// nvcuda::experimental::awbarrier: a split arrive/wait barrier as a class.
#pragma once
#include <cuda_awbarrier_primitives.h>
#ifdef EMULATE_DEVICE_CODE

namespace nvcuda {
namespace experimental {

class awbarrier {
  public:
    class arrival_token {
      public:
        arrival_token() = default;
        EMULATE_INLINE uint32_t pending_count() const { return __mbarrier_token_pending_count(token_); }

      private:
        friend class awbarrier;
        EMULATE_INLINE explicit arrival_token(uint64_t token) : token_(token) {}
        uint64_t token_;
    };

    awbarrier() = default;
    awbarrier(const awbarrier &) = delete;
    awbarrier &operator=(const awbarrier &) = delete;

    EMULATE_INLINE arrival_token arrive() { return arrival_token(__mbarrier_arrive(&barrier_)); }
    EMULATE_INLINE arrival_token arrive_and_drop() { return arrival_token(__mbarrier_arrive_and_drop(&barrier_)); }
    EMULATE_INLINE bool timed_wait(arrival_token token, uint32_t) { return __mbarrier_test_wait(&barrier_, token.token_); }
    EMULATE_INLINE bool timed_wait_parity(bool phase, uint32_t) { return __mbarrier_test_wait_parity(&barrier_, phase); }
    EMULATE_INLINE bool try_wait(arrival_token token, uint32_t) { return __mbarrier_test_wait(&barrier_, token.token_); }
    EMULATE_INLINE bool try_wait_parity(bool phase, uint32_t) { return __mbarrier_test_wait_parity(&barrier_, phase); }
    EMULATE_INLINE void wait(arrival_token token) {
        while (!timed_wait(token, ~0u)) continue;
    }
    EMULATE_INLINE void arrive_and_wait() { wait(arrive()); }
    static constexpr uint32_t max() { return (1 << 14) - 1; }   // as the toolkit's header has it

  private:
    friend void init(awbarrier *barrier, uint32_t expected);
    friend void inval(awbarrier *barrier);
    friend class pipeline;
    uint64_t barrier_;
};

EMULATE_INLINE void init(awbarrier *barrier, uint32_t expected) { __mbarrier_init(&barrier->barrier_, expected); }
EMULATE_INLINE void inval(awbarrier *barrier) { __mbarrier_inval(&barrier->barrier_); }

}  // namespace experimental
}  // namespace nvcuda
#endif
