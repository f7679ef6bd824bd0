// The order within a launch: warp barriers, and hand-overs by fences and atomics within and between blocks.
//
// A release is what a thread's fence covers: all that its block did before the block's last barrier, what it knows of its
// warp, what it has acquired itself, and what other threads of the block had fenced before that barrier. It is kept with
// the address of the atomic that follows. Whoever reads that address by an atomic or volatile access knows it then; so
// does its warp after the next warp barrier, and its block after the next block barrier. The memory model of PTX asks for
// a fence on the reading side as well; programs that NVIDIA publishes leave it out, so it is not asked for here.
#include <algorithm>
#include <memory>
#include <unordered_map>
#include <vector>

#include "access.h"

namespace emulate::check {

namespace {

constexpr uint32_t kLanes = 32, kMaxThreads = 1024, kMaxWarps = kMaxThreads / kLanes;

struct Handover;
// Handovers are only added to; knowing one means knowing its first `length` releases. A warp's releases are one, which goes on
// growing: what was done at the tick `until` or later is not known by it.
struct Known {
    const Handover *handover;
    size_t length;
    uint32_t until;
};
using Knowledge = std::vector<Known>;

struct Release {
    uint32_t slice_start;  // which block
    bool block_only;       // by __threadfence_block
    uint32_t barrier;      // all of it before this tick
    uint32_t warp;
    uint32_t lanes[kLanes];  // of this warp, by lane: before these ticks
    std::shared_ptr<const std::vector<uint32_t>> fenced;  // of other threads, by linear index: before these ticks
    Knowledge acquired;
};

struct Handover {
    std::vector<Release> releases;
    std::unordered_map<uint64_t, size_t> by_warp;  // key() -> its release
    uint32_t changed = 0;                          // the tick of the last release
};

// What one thread knows and has fenced in the block that runs now.
struct Ordering {
    uint32_t lanes[kLanes];   // accesses of these lanes of its warp before these ticks are known
    uint32_t fence[2];        // the tick after its last fence for the device, for the block; 0: none in this block
    Release fenced[2];        // what those fences cover
    Knowledge acquired;
};

EMULATE_EARLY Ordering threads[kMaxThreads];
uint32_t warp_known[kMaxWarps];  // all lanes of the warp know all of each other before this tick
EMULATE_EARLY Knowledge block_acquired;
EMULATE_EARLY std::shared_ptr<const std::vector<uint32_t>> block_fenced;  // by threads before the last barrier
bool anything_fenced, anything_acquired;  // since the last barrier, by anyone
EMULATE_EARLY std::unordered_map<const void *, Handover> handovers, shared_handovers;  // those in shared memory end with the block

uint64_t key(uint32_t slice_start, uint32_t warp, bool block_only) {
    return uint64_t{slice_start} << 6 | warp << 1 | (block_only ? 1 : 0);
}

void learn(Knowledge &knowledge, const Known &more) {
    for (Known &known : knowledge)
        if (known.handover == more.handover) {
            known.length = std::max(known.length, more.length);
            known.until = std::max(known.until, more.until);
            return;
        }
    knowledge.push_back(more);
}

void learn(Knowledge &knowledge, const Knowledge &more) {
    for (const Known &known : more) learn(knowledge, known);
}

bool covers(const Release &release, uint32_t slice_start, uint32_t tick, uint32_t thread) {
    if (release.slice_start != slice_start) return false;
    if (tick < release.barrier) return true;
    if (thread / kLanes == release.warp && tick < release.lanes[thread % kLanes]) return true;
    return release.fenced && thread < release.fenced->size() && tick < (*release.fenced)[thread];
}

// Looks through everything that was acquired, what the releasers had acquired included. A chain longer than this is
// taken as ordered: a missed race rather than a false one.
constexpr size_t kMaxSteps = 10000;

bool knows(Knowledge open, uint32_t slice_start, uint32_t tick, uint32_t thread) {
    std::unordered_map<const Handover *, size_t> seen;
    size_t steps = 0;
    for (size_t next = 0; next < open.size(); ++next) {
        const Known known = open[next];
        if (tick >= known.until) continue;
        size_t &from = seen[known.handover];
        if (from >= known.length) continue;
        const auto &handover = *known.handover;
        // Blocks have few warps that release: look for them directly before following what others had acquired.
        for (uint32_t i = 0; i < kMaxWarps * (slice_start == now.slice_start ? 2 : 1); ++i) {
            const auto found = handover.by_warp.find(key(slice_start, i % kMaxWarps, i >= kMaxWarps));
            if (found != handover.by_warp.end() && found->second < known.length &&
                covers(handover.releases[found->second], slice_start, tick, thread))
                return true;
        }
        for (; from < known.length; ++from) {
            if (++steps > kMaxSteps) return true;
            const Release &release = handover.releases[from];
            if (release.block_only && release.slice_start != now.slice_start) continue;
            for (const Known &more : release.acquired)
                if (more.handover != known.handover || more.length > known.length) open.push_back(more);
        }
    }
    return false;
}

Release covered_now(const Thread &thread, bool block_only) {
    const Ordering &own = threads[thread.linear];
    Release release{now.slice_start, block_only, now.barrier, thread.warp, {}, block_fenced, block_acquired};
    for (uint32_t lane = 0; lane < kLanes; ++lane) release.lanes[lane] = std::max(own.lanes[lane], warp_known[thread.warp]);
    release.lanes[thread.lane] = now.tick;
    learn(release.acquired, own.acquired);
    return release;
}

bool in_shared(const void *address) {
    const auto a = reinterpret_cast<uintptr_t>(address);
    return a - static_shared.base < static_shared.size || a - dynamic_shared.base < dynamic_shared.size;
}

}  // namespace

void forget_handovers() {
    handovers.clear();
    shared_handovers.clear();
}

void begin_block_order(const Block &block) {
    for (uint32_t i = 0; i < block.threads && i < kMaxThreads; ++i) {
        std::fill(threads[i].lanes, threads[i].lanes + kLanes, 0);
        threads[i].fence[0] = threads[i].fence[1] = 0;
        threads[i].acquired.clear();
    }
    std::fill(warp_known, warp_known + kMaxWarps, 0);
    block_acquired.clear();
    block_fenced.reset();
    anything_fenced = anything_acquired = false;
    shared_handovers.clear();
}

bool ordered_in_launch(Record record, const Thread &thread) {
    const uint32_t tick = tick_of(record), other = thread_of(record);
    const Ordering &own = threads[thread.linear];
    uint32_t slice_start = now.slice_start;
    if (tick >= now.slice_start) {
        if (other == thread.linear || tick < now.barrier) return true;
        if (other / kLanes == thread.warp && (tick < warp_known[thread.warp] || tick < own.lanes[other % kLanes])) return true;
    } else {
        slice_start = slice_of(tick).start;
    }
    if (own.acquired.empty() && block_acquired.empty()) return false;
    Knowledge all = block_acquired;
    learn(all, own.acquired);
    return knows(std::move(all), slice_start, tick, other);
}

void block_barrier(Block &block) {
    if (!on) return;
    if (write_waits) judge_write();
    ++now.tick;
    now.barrier = now.tick;
    if (anything_acquired)
        for (uint32_t i = 0; i < block.threads; ++i) {
            learn(block_acquired, threads[i].acquired);
            threads[i].acquired.clear();
        }
    if (anything_fenced) {
        auto fenced = std::make_shared<std::vector<uint32_t>>(block.threads);
        for (uint32_t i = 0; i < block.threads; ++i) {
            (*fenced)[i] = threads[i].fence[0];
            if (threads[i].fence[0] != 0) learn(block_acquired, threads[i].fenced[0].acquired);
        }
        block_fenced = fenced;
    }
    anything_acquired = anything_fenced = false;
}

void warp_barrier(Block &block, uint32_t warp, uint32_t mask) {
    if (!on) return;
    if (write_waits) judge_write();
    ++now.tick;
    const uint32_t first = warp * kLanes, count = std::min(kLanes, block.threads - first);
    uint32_t present = 0, exited = 0;
    for (uint32_t lane = 0; lane < count; ++lane) {
        present |= 1u << lane;
        if (block.all[first + lane].exited) exited |= 1u << lane;
    }
    Knowledge acquired;
    if (anything_acquired)
        for (uint32_t lane = 0; lane < count; ++lane)
            if (mask >> lane & 1) learn(acquired, threads[first + lane].acquired);
    if (!acquired.empty())
        for (uint32_t lane = 0; lane < count; ++lane)
            if (mask >> lane & 1) threads[first + lane].acquired = acquired;
    if (((mask | exited) & present) == present) {
        warp_known[warp] = now.tick;
        return;
    }
    // Some lanes only: each of them learns what any of them knew, and all that they did themselves.
    uint32_t joined[kLanes] = {};
    for (uint32_t lane = 0; lane < count; ++lane) {
        if (!(mask >> lane & 1)) continue;
        for (uint32_t i = 0; i < kLanes; ++i) joined[i] = std::max(joined[i], threads[first + lane].lanes[i]);
        joined[lane] = now.tick;
    }
    for (uint32_t lane = 0; lane < count; ++lane)
        if (mask >> lane & 1) std::copy(joined, joined + kLanes, threads[first + lane].lanes);
}

void fence(Scope scope) {
    if (!on || current == nullptr) return;
    Ordering &own = threads[current->linear];
    const bool block_only = scope == Scope::block;
    own.fenced[block_only] = covered_now(*current, block_only);
    own.fenced[block_only].lanes[current->lane] = ++now.tick;
    own.fence[block_only] = now.tick;
    if (!block_only) anything_fenced = true;
}

// `address` was read by an atomic or volatile access.
void acquire(const Thread &thread, const void *address) {
    const auto &where = in_shared(address) ? shared_handovers : handovers;
    if (where.empty()) return;
    const auto found = where.find(address);
    if (found == where.end()) return;
    if (found->second.changed == now.tick) ++now.tick;   // what comes after this is later than what is known now
    learn(threads[thread.linear].acquired, Known{&found->second, found->second.releases.size(), now.tick});
    anything_acquired = true;
}

static void add(Handover &handover, Release released) {
    handover.changed = now.tick;
    const uint64_t name = key(released.slice_start, released.warp, released.block_only);
    const auto [found, added] = handover.by_warp.emplace(name, handover.releases.size());
    if (added) {
        handover.releases.push_back(std::move(released));
        return;
    }
    // The same warp again: in place, what it released before is covered by what it releases now.
    Release &before = handover.releases[found->second];
    for (uint32_t lane = 0; lane < kLanes; ++lane) before.lanes[lane] = std::max(before.lanes[lane], released.lanes[lane]);
    before.barrier = std::max(before.barrier, released.barrier);
    if (released.fenced) before.fenced = released.fenced;
    learn(before.acquired, released.acquired);
}

// `address` is written by an atomic or volatile access, which hands over what was fenced before.
void release(const Thread &thread, const void *address, bool fence_included) {
    if (fence_included) fence(Scope::device);
    const Ordering &own = threads[thread.linear];
    if (own.fence[0] == 0 && own.fence[1] == 0 && !block_fenced) return;
    Handover &handover = (in_shared(address) ? shared_handovers : handovers)[address];
    if (own.fence[1] != 0) add(handover, own.fenced[1]);
    if (own.fence[0] != 0) {
        Release released = own.fenced[0];
        if (block_fenced) released.fenced = block_fenced;
        add(handover, std::move(released));
    } else if (block_fenced) {
        add(handover, Release{now.slice_start, false, now.slice_start, thread.warp, {}, block_fenced, block_acquired});
    }
}

void hand_over(const void *place) {
    if (on && current != nullptr) release(*current, place, true);
}
void take_over(const void *place) {
    if (on && current != nullptr) acquire(*current, place);
}

}  // namespace emulate::check
