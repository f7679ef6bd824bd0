// nvcuda::experimental::pipeline: the asynchronous copies of a thread as a class.
#pragma once
#include <cuda_pipeline_primitives.h>
#include <cuda_awbarrier.h>
#ifdef EMULATE_DEVICE_CODE

namespace nvcuda {
namespace experimental {

class pipeline {
  public:
    EMULATE_INLINE pipeline() : batches_(0) {}
    pipeline(const pipeline &) = delete;
    pipeline &operator=(const pipeline &) = delete;

    // The number of the batch that is committed.
    EMULATE_INLINE size_t commit() {
        __pipeline_commit();
        return batches_++;
    }
    EMULATE_INLINE void commit_and_wait() {
        commit();
        wait_prior<0>();
    }
    // The toolkit's header lets as many batches go on as were committed from this one to the last; kept so.
    EMULATE_INLINE void wait(size_t batch) { __pipeline_wait_prior(batches_ > batch ? batches_ - batch : 0); }
    template <unsigned pending>
    EMULATE_INLINE void wait_prior() { __pipeline_wait_prior(pending); }
    EMULATE_INLINE void arrive_on(awbarrier &barrier) { __pipeline_arrive_on(&barrier.barrier_); }

  private:
    size_t batches_;
};

template <size_t N, class T>
EMULATE_INLINE auto segment(T *pointer) -> T (*)[N] { return reinterpret_cast<T (*)[N]>(pointer); }

namespace details {

// In pieces as large as an asynchronous copy can be; what is not aligned for the least of them is copied at once.
template <size_t size, size_t alignment>
EMULATE_INLINE void copy_in_pieces(void *to, const void *from) {
    constexpr size_t piece = size % 16 == 0 && alignment >= 16 ? 16 : size % 8 == 0 && alignment >= 8 ? 8 : size % 4 == 0 && alignment >= 4 ? 4 : 0;
    if constexpr (piece == 0) memcpy(to, from, size);
    else for (size_t at = 0; at < size; at += piece) __pipeline_memcpy_async(static_cast<char *>(to) + at, static_cast<const char *>(from) + at, piece);
}

}  // namespace details

template <class T>
EMULATE_INLINE void memcpy_async(T &to, const T &from, pipeline &) {
    if constexpr (std::is_trivially_copyable<T>::value) details::copy_in_pieces<sizeof(T), alignof(T)>(&to, &from);
    else to = from;
}

// Elements that the source does not have become zero.
template <class T, size_t to_count, size_t from_count>
EMULATE_INLINE void memcpy_async(T (*to)[to_count], const T (*from)[from_count], pipeline &) {
    constexpr size_t size = sizeof *to, read = sizeof *from;
    static_assert(size == 4 || size == 8 || size == 16, "an asynchronous copy has 4, 8 or 16 bytes");
    static_assert(read <= size, "the source is at most as large as the target");
    if constexpr (std::is_trivially_copyable<T>::value) __pipeline_memcpy_async(*to, *from, size, size - read);
    else for (size_t i = 0; i < to_count; ++i) (*to)[i] = i < from_count ? (*from)[i] : T();
}

}  // namespace experimental
}  // namespace nvcuda
#endif
