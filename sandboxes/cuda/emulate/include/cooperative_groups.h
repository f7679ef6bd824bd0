// Cooperative groups within a block (programming guide, "Cooperative Groups"). A group that is no whole block, and not the
// grid, is a set of lanes of one warp.
#pragma once
#include <cuda_runtime.h>
#include <type_traits>

namespace cooperative_groups {

namespace details {

EMULATE_INLINE unsigned rank_in(unsigned mask) { return __popc(mask & ((1u << ::emulate::lane()) - 1)); }

// The lane with a rank in a set of lanes; the caller's own where there is none.
inline unsigned lane_with(unsigned mask, unsigned rank) {
    if (rank >= static_cast<unsigned>(__popc(mask))) return ::emulate::lane();
    while (rank--) mask &= mask - 1;
    return __builtin_ctz(mask);
}

// A value of any type from another lane, 8 bytes at a time.
template <class T>
EMULATE_INLINE T from_lane(unsigned mask, const T &value, unsigned lane) {
    static_assert(sizeof(T) <= 32, "what is shuffled has at most 32 bytes");
    unsigned long long words[(sizeof(T) + 7) / 8] = {};
    __builtin_memcpy(words, &value, sizeof value);
    for (unsigned long long &word : words) word = ::emulate::exchange(mask, word, lane);
    T result = value;
    __builtin_memcpy(&result, words, sizeof result);
    return result;
}

EMULATE_INLINE unsigned block_threads() {
    const dim3 size = ::emulate::block_size();
    return size.x * size.y * size.z;
}

EMULATE_INLINE unsigned block_rank() {
    const dim3 size = ::emulate::block_size();
    const uint3 index = ::emulate::thread_index();
    return (index.z * size.y + index.y) * size.x + index.x;
}

}  // namespace details

// Any group: the whole block, or lanes of a warp.
class thread_group {
  public:
    EMULATE_INLINE void sync() const { whole_ ? __syncthreads() : __syncwarp(mask_); }
    EMULATE_INLINE unsigned long long size() const { return whole_ ? details::block_threads() : __popc(mask_); }
    EMULATE_INLINE unsigned long long num_threads() const { return size(); }
    EMULATE_INLINE unsigned long long thread_rank() const { return whole_ ? details::block_rank() : details::rank_in(mask_); }
    EMULATE_INLINE bool is_valid() const { return true; }
    EMULATE_INLINE bool is_whole_block() const { return whole_; }
    EMULATE_INLINE unsigned lanes() const { return mask_; }

  protected:
    EMULATE_INLINE thread_group(bool whole, unsigned mask) : whole_(whole), mask_(mask) {}
    friend thread_group tiled_partition(const thread_group &, unsigned);
    friend thread_group this_thread();

    bool whole_;
    unsigned mask_;   // lanes of the warp, if not the whole block
};

class thread_block : public thread_group {
  public:
    EMULATE_INLINE thread_block() : thread_group(true, 0) {}
    EMULATE_INLINE static void sync() { __syncthreads(); }
    EMULATE_INLINE static unsigned size() { return details::block_threads(); }
    EMULATE_INLINE static unsigned num_threads() { return details::block_threads(); }
    EMULATE_INLINE static unsigned thread_rank() { return details::block_rank(); }
    EMULATE_INLINE static dim3 group_index() { const uint3 i = ::emulate::block_index(); return {i.x, i.y, i.z}; }
    EMULATE_INLINE static dim3 thread_index() { const uint3 i = ::emulate::thread_index(); return {i.x, i.y, i.z}; }
    EMULATE_INLINE static dim3 group_dim() { return ::emulate::block_size(); }
    EMULATE_INLINE static dim3 dim_threads() { return ::emulate::block_size(); }
};

EMULATE_INLINE thread_block this_thread_block() { return {}; }

// Whoever calls it does not compile; build.py reads why.
void split_grid_barrier() __attribute__((error("unsupported: arrival at the grid's barrier apart from the wait")));

// The whole grid. To count by it takes nothing; to wait for it, a cooperative launch.
class grid_group {
  public:
    EMULATE_INLINE static void sync() { ::emulate::synchronise_grid(); }
    EMULATE_INLINE static bool is_valid() { return ::emulate::grid_is_cooperative(); }   // "whether the grid_group can synchronize"
    EMULATE_INLINE static dim3 group_dim() { return ::emulate::grid_size(); }
    using arrival_token = unsigned;
    EMULATE_INLINE static arrival_token barrier_arrive() { return split_grid_barrier(), 0; }
    EMULATE_INLINE static void barrier_wait(arrival_token &&) { split_grid_barrier(); }
    EMULATE_INLINE static dim3 dim_threads() {
        const dim3 grid = ::emulate::grid_size(), block = ::emulate::block_size();
        return {grid.x * block.x, grid.y * block.y, grid.z * block.z};
    }
    EMULATE_INLINE static dim3 thread_index() {
        const uint3 block = ::emulate::block_index(), thread = ::emulate::thread_index();
        const dim3 size = ::emulate::block_size();
        return {block.x * size.x + thread.x, block.y * size.y + thread.y, block.z * size.z + thread.z};
    }
    EMULATE_INLINE static dim3 dim_blocks() { return ::emulate::grid_size(); }
    EMULATE_INLINE static dim3 block_index() { const uint3 i = ::emulate::block_index(); return {i.x, i.y, i.z}; }
    EMULATE_INLINE static unsigned long long num_blocks() {
        const dim3 size = ::emulate::grid_size();
        return 1ull * size.x * size.y * size.z;
    }
    EMULATE_INLINE static unsigned long long block_rank() {
        const dim3 size = ::emulate::grid_size();
        const uint3 index = ::emulate::block_index();
        return (1ull * index.z * size.y + index.y) * size.x + index.x;
    }
    EMULATE_INLINE static unsigned long long size() { return num_blocks() * details::block_threads(); }
    EMULATE_INLINE static unsigned long long num_threads() { return size(); }
    EMULATE_INLINE static unsigned long long thread_rank() { return block_rank() * details::block_threads() + details::block_rank(); }
};

EMULATE_INLINE grid_group this_grid() { return {}; }

// What tiles and coalesced groups have in common: functions of a warp, by rank in the group.
class lane_group : public thread_group {
  public:
    EMULATE_INLINE void sync() const { __syncwarp(mask_); }
    EMULATE_INLINE unsigned size() const { return __popc(mask_); }
    EMULATE_INLINE unsigned num_threads() const { return size(); }
    EMULATE_INLINE unsigned thread_rank() const { return details::rank_in(mask_); }

    template <class T>
    EMULATE_INLINE T shfl(const T &value, int rank) const {
        return details::from_lane(mask_, value, details::lane_with(mask_, static_cast<unsigned>(rank) % size()));
    }
    template <class T>
    EMULATE_INLINE T shfl_up(const T &value, unsigned delta) const {
        const unsigned rank = thread_rank();
        return details::from_lane(mask_, value, rank < delta ? ::emulate::lane() : details::lane_with(mask_, rank - delta));
    }
    template <class T>
    EMULATE_INLINE T shfl_down(const T &value, unsigned delta) const {
        return details::from_lane(mask_, value, details::lane_with(mask_, thread_rank() + delta));
    }
    EMULATE_INLINE int any(int predicate) const { return __any_sync(mask_, predicate); }
    EMULATE_INLINE int all(int predicate) const { return __all_sync(mask_, predicate); }
    EMULATE_INLINE unsigned ballot(int predicate) const { return packed(__ballot_sync(mask_, predicate)); }
    template <class T>
    EMULATE_INLINE unsigned match_any(T value) const { return packed(__match_any_sync(mask_, value)); }
    template <class T>
    EMULATE_INLINE unsigned match_all(T value, int &predicate) const { return packed(__match_all_sync(mask_, value, &predicate)); }

  protected:
    EMULATE_INLINE explicit lane_group(unsigned mask) : thread_group(false, mask) {}
    // Lanes of the warp as ranks of the group.
    EMULATE_INLINE unsigned packed(unsigned lanes) const {
        unsigned result = 0, rank = 0;
        for (unsigned left = mask_; left; left &= left - 1, ++rank)
            if (lanes & left & -left) result |= 1u << rank;
        return result;
    }
};

class coalesced_group : public lane_group {
  public:
    EMULATE_INLINE explicit coalesced_group(unsigned mask) : lane_group(mask) {}
    EMULATE_INLINE unsigned meta_group_size() const { return 1; }
    EMULATE_INLINE unsigned meta_group_rank() const { return 0; }
};

EMULATE_INLINE coalesced_group coalesced_threads() { return coalesced_group(__activemask()); }

template <unsigned Size, class Parent = void>
class thread_block_tile : public lane_group {
    static_assert(Size != 0 && (Size & (Size - 1)) == 0, "a tile's size is a power of two");
    static_assert(Size <= 32, "unsupported: tiles of more than one warp");

  public:
    EMULATE_INLINE thread_block_tile()
        : lane_group((Size == 32 ? ~0u : ((1u << (Size % 32)) - 1) << (::emulate::lane() & ~(Size - 1))) & ::emulate::warp_lanes()),
          meta_size_(parent_size() / Size), meta_rank_(parent_rank() / Size) {}
    // A tile whose parent's type is not told.
    template <class Other, class = std::enable_if_t<std::is_void_v<Parent> && !std::is_void_v<Other>>>
    EMULATE_INLINE thread_block_tile(const thread_block_tile<Size, Other> &other)
        : lane_group(other.lanes()), meta_size_(other.meta_group_size()), meta_rank_(other.meta_group_rank()) {}
    EMULATE_INLINE static constexpr unsigned size() { return Size; }
    EMULATE_INLINE static constexpr unsigned num_threads() { return Size; }
    EMULATE_INLINE static unsigned thread_rank() { return ::emulate::lane() & (Size - 1); }
    EMULATE_INLINE unsigned meta_group_size() const { return meta_size_; }
    EMULATE_INLINE unsigned meta_group_rank() const { return meta_rank_; }
    template <class T>
    EMULATE_INLINE T shfl_xor(const T &value, unsigned lanes) const {
        const unsigned rank = thread_rank() ^ lanes;
        return details::from_lane(mask_, value, rank < Size ? (::emulate::lane() & ~(Size - 1)) + rank : ::emulate::lane());
    }

  private:
    static constexpr bool of_block = std::is_void_v<Parent> || std::is_same_v<Parent, thread_block>;
    EMULATE_INLINE static unsigned parent_size() {
        if constexpr (of_block) return (details::block_threads() + Size - 1) / Size * Size;
        else return Parent::size();
    }
    EMULATE_INLINE static unsigned parent_rank() {
        if constexpr (of_block) return details::block_rank();
        else return Parent::thread_rank();
    }

    unsigned meta_size_, meta_rank_;
};

template <unsigned Size, class Parent>
EMULATE_INLINE thread_block_tile<Size, Parent> tiled_partition(const Parent &) { return {}; }

// A part of a group by ranks: `size` that follow each other.
EMULATE_INLINE thread_group tiled_partition(const thread_group &group, unsigned size) {
    const unsigned members = group.is_whole_block() ? ::emulate::warp_lanes() : group.lanes();
    const unsigned rank = group.is_whole_block() ? ::emulate::lane() : static_cast<unsigned>(group.thread_rank());
    unsigned mask = 0, seen = 0;
    for (unsigned left = members; left; left &= left - 1, ++seen)
        if (seen / size == rank / size) mask |= left & -left;
    return {false, mask};
}
EMULATE_INLINE coalesced_group tiled_partition(const coalesced_group &group, unsigned size) {
    return coalesced_group(tiled_partition(static_cast<const thread_group &>(group), size).lanes());
}

EMULATE_INLINE thread_group this_thread() { return {false, 1u << ::emulate::lane()}; }

template <class Group, class Label>
EMULATE_INLINE coalesced_group labeled_partition(const Group &group, Label label) {
    return coalesced_group(__match_any_sync(group.lanes(), label));
}

template <class Group>
EMULATE_INLINE coalesced_group binary_partition(const Group &group, bool predicate) {
    const unsigned holds = __ballot_sync(group.lanes(), predicate);
    return coalesced_group(predicate ? holds : group.lanes() & ~holds);
}

template <class Group>
EMULATE_INLINE void sync(const Group &group) { group.sync(); }
template <class Group>
EMULATE_INLINE void synchronize(const Group &group) { group.sync(); }
template <class Group>
EMULATE_INLINE unsigned long long thread_rank(const Group &group) { return group.thread_rank(); }
template <class Group>
EMULATE_INLINE unsigned long long group_size(const Group &group) { return group.size(); }

// One thread of the group calls; with broadcast, all get the result.
template <class Group, class Function, class... Arguments>
EMULATE_INLINE void invoke_one(const Group &group, Function &&function, Arguments &&...arguments) {
    if (group.thread_rank() == 0) function(static_cast<Arguments &&>(arguments)...);
}
template <class Group, class Function, class... Arguments>
EMULATE_INLINE auto invoke_one_broadcast(const Group &group, Function &&function, Arguments &&...arguments) {
    decltype(function(static_cast<Arguments &&>(arguments)...)) result{};
    if (group.thread_rank() == 0) result = function(static_cast<Arguments &&>(arguments)...);
    return group.shfl(result, 0);
}

}  // namespace cooperative_groups
