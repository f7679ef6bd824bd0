// memcpy_async: the group copies at once, each thread its part; `wait` is what makes the bytes seen, as on the device.
#pragma once
#include <cooperative_groups.h>

namespace cooperative_groups {

namespace details {

template <class Word, class Group>
EMULATE_INLINE void copy_words(const Group &group, void *to, const void *from, size_t count) {
    auto *target = static_cast<Word *>(to);
    auto *source = static_cast<const Word *>(from);
    for (size_t i = group.thread_rank(); i < count; i += group.size()) target[i] = source[i];
}

}  // namespace details

template <class Group, class To, class From, class Shape>
EMULATE_INLINE void memcpy_async(const Group &group, To *to, const From *from, const Shape &bytes) {
    const size_t size = bytes;
    if (((reinterpret_cast<size_t>(to) | reinterpret_cast<size_t>(from) | size) & 3) == 0) details::copy_words<unsigned>(group, to, from, size / 4);
    else details::copy_words<unsigned char>(group, to, from, size);
}

// By elements: as many as both have room for.
template <class Group, class T, class ToLayout, class FromLayout>
EMULATE_INLINE void memcpy_async(const Group &group, T *to, const ToLayout &to_count, const T *from, const FromLayout &from_count) {
    const size_t count = static_cast<size_t>(to_count) < static_cast<size_t>(from_count) ? to_count : from_count;
    memcpy_async(group, to, from, count * sizeof(T));
}

template <class Group>
EMULATE_INLINE void wait(const Group &group) { group.sync(); }
template <unsigned Stages, class Group>
EMULATE_INLINE void wait_prior(const Group &group) { group.sync(); }

}  // namespace cooperative_groups
