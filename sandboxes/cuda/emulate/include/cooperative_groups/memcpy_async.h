// memcpy_async: the group copies, each thread its part. From global to shared memory the copies are asynchronous, and done when
// the group waits; each call is a stage of its own, as in the toolkit.
#pragma once
#include <cooperative_groups.h>
#include <cuda_pipeline.h>

namespace cooperative_groups {

namespace details {

template <class Word, class Group>
EMULATE_INLINE void copy_words(const Group &group, void *to, const void *from, size_t count, bool asynchronous) {
    auto *target = static_cast<Word *>(to);
    auto *source = static_cast<const Word *>(from);
    for (size_t i = group.thread_rank(); i < count; i += group.size()) {
        if (asynchronous) ::emulate::async::copy(target + i, source + i, sizeof(Word), sizeof(Word));
        else target[i] = source[i];
    }
}

template <class Group>
EMULATE_INLINE void copy_bytes(const Group &group, void *to, const void *from, size_t size) {
    const size_t aligned = reinterpret_cast<size_t>(to) | reinterpret_cast<size_t>(from) | size;
    const bool asynchronous = __isShared(to) && __isGlobal(from);
    if (aligned % 16 == 0) copy_words<uint4>(group, to, from, size / 16, asynchronous);
    else if (aligned % 4 == 0) copy_words<unsigned>(group, to, from, size / 4, asynchronous);
    else copy_words<unsigned char>(group, to, from, size, false);
}

template <class Count>
EMULATE_INLINE size_t least(const Count &a, size_t b) { return static_cast<size_t>(a) < b ? static_cast<size_t>(a) : b; }

}  // namespace details

template <class Group, class To, class From, class Shape>
EMULATE_INLINE void memcpy_async(const Group &group, To *to, const From *from, const Shape &bytes) {
    details::copy_bytes(group, to, from, bytes);
    __pipeline_commit();
}

// By elements: as many as both have room for.
template <class Group, class T, class ToLayout, class FromLayout>
EMULATE_INLINE void memcpy_async(const Group &group, T *to, const ToLayout &to_count, const T *from, const FromLayout &from_count) {
    details::copy_bytes(group, to, from, details::least(to_count, from_count) * sizeof(T));
    __pipeline_commit();
}
template <class Group, class T>
EMULATE_INLINE void memcpy_async(const Group &group, T *to, size_t to_count, const T *from, size_t from_count, nvcuda::experimental::pipeline &pipe) {
    details::copy_bytes(group, to, from, details::least(to_count, from_count) * sizeof(T));
    pipe.commit();
}

template <unsigned stages, class Group>
EMULATE_INLINE void wait_prior(const Group &group) {
    __pipeline_wait_prior(stages);
    group.sync();
}
template <class Group>
EMULATE_INLINE void wait(const Group &group) { wait_prior<0>(group); }
template <unsigned stages, class Group>
EMULATE_INLINE void wait_prior(const Group &group, nvcuda::experimental::pipeline &pipe) {
    pipe.wait_prior<stages>();
    group.sync();
}

}  // namespace cooperative_groups
