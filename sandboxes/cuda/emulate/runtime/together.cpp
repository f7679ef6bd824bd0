// Cooperative grids: all blocks are there at once, and wait for each other (programming guide, "Grid Synchronization"). One
// block runs until all of it waits for the grid, or has ended; then the next does. What blocks have each for themselves lies
// at the same addresses for all of them, so it is put away while another block runs.
#include <elf.h>
#include <sys/auxv.h>

#include <algorithm>
#include <cstring>

#include "hooks.h"
#include "launches.h"
#include "worker.h"

// Behind the user's thread-local variables (a_text_end.cpp).
extern "C" __thread unsigned char emulate_shared_end[];

namespace emulate {

namespace {

constexpr int launch_timeout = 702;   // cudaErrorLaunchTimeout

struct Bytes {
    unsigned char *begin;
    size_t size;
};

// Static shared memory has no initialisers, so it lies in the part of the thread-local block that the executable's file does
// not hold (ELF TLS ABI, variant II). Other variables of the user's that lie there are the host's, which waits.
Bytes static_shared() {
    const auto *header = reinterpret_cast<const Elf64_Phdr *>(getauxval(AT_PHDR));
    for (unsigned long i = 0; i < getauxval(AT_PHNUM); ++i, ++header) {
        if (header->p_type != PT_TLS) continue;
        const size_t align = std::max<size_t>(header->p_align, 1);
        auto *begin = static_cast<unsigned char *>(__builtin_thread_pointer()) - (header->p_memsz + align - 1) / align * align + header->p_filesz;
        return {begin, static_cast<size_t>(std::max<ptrdiff_t>(0, emulate_shared_end - begin))};
    }
    return {nullptr, 0};
}

template <class Each>
void each_shared(const Block &block, Each each) {
    each(static_shared());
    each(Bytes{block.dynamic_shared, block.launch->dynamic_shared});
}

}  // namespace

void Worker::grid_barrier(const void *pc) {
    fiber().grid = true;
    barrier(pc, 0, nullptr);
}

// All threads of the block wait, and some for the grid. The grid's barrier begins and ends as the block's own does, and the
// block's first thread goes to the grid in between (cooperative_groups/details/sync.h of the toolkit): without that one, or
// where others wait for the block alone, nobody goes on.
bool Worker::arrive_at_grid() {
    Context &c = *context_;
    Thread *grid = nullptr, *block = nullptr;
    for (uint32_t i = 0; i < c.block.threads; ++i)
        if (!c.threads[i].exited && !(c.fibers[i].grid ? grid : block)) (c.fibers[i].grid ? grid : block) = &c.threads[i];
    if (!grid) return false;
    const void *const pc = c.fibers[grid->linear].barrier;
    if (block) {
        check::divergent_barrier(*grid, pc, *block, c.fibers[block->linear].barrier, false);
        emulate::abandon(launch_timeout);
    }
    if (c.threads[0].exited) {
        check::divergent_barrier(*grid, pc, c.threads[0], nullptr, true);
        emulate::abandon(launch_timeout);
    }
    for (uint32_t i = 0; i < c.block.threads; ++i)
        if (!c.threads[i].exited && c.fibers[i].barrier != pc) check::divergent_barrier(*grid, pc, c.threads[i], c.fibers[i].barrier, false);
    if (c.live != c.block.threads) tell_of_exited(*grid, pc);
    c.at_grid = true;
    ++c.block.barriers;
    return true;
}

// The block that ran has ended, or waits for the grid.
void Worker::stop(Context &context, bool ended) {
    if (ended) return check::block_ends(context.block);
    check::block_pauses(context.block);
    context.shared.clear();
    each_shared(context.block, [&](Bytes bytes) { context.shared.insert(context.shared.end(), bytes.begin, bytes.begin + bytes.size); });
}

void Worker::resume(Context &context) {
    context_ = &context;
    const unsigned char *kept = context.shared.data();
    each_shared(context.block, [&](Bytes bytes) {
        if (bytes.size) memcpy(bytes.begin, kept, bytes.size);
        kept += bytes.size;
    });
    check::block_resumes(context.block);
    context.at_grid = false;
    context.waiting = 0;
    context.votes = context.nonzero = 0;
    for (uint32_t i = 0; i < context.block.threads; ++i) {
        if (context.threads[i].exited) continue;
        context.fibers[i].barrier = nullptr;
        context.fibers[i].grid = false;
        make_ready(i);
    }
    shuffle_ready(0);
}

// Whether the grid's barrier opens: not if a block ended without it.
bool Worker::all_at_grid() {
    const auto waits = std::find_if(contexts_.begin() + 1, contexts_.end(), [](const auto &c) { return c->live > 0; });
    if (waits == contexts_.end()) return false;
    const auto ended = std::find_if(contexts_.begin() + 1, contexts_.end(), [](const auto &c) { return c->live == 0; });
    if (ended == contexts_.end()) return true;
    Context &here = **waits;
    context_ = &here;
    Thread &first = *std::find_if(here.threads, here.threads + here.block.threads, [](const Thread &thread) { return !thread.exited; });
    check::divergent_barrier(first, here.fibers[first.linear].barrier, (*ended)->threads[0], nullptr, true);
    lose_grid(launch_timeout);
    return false;
}

bool Worker::run_together(const Grid &grid, uint64_t blocks, const std::function<uint64_t(uint64_t, uint64_t)> &order) {
    grid_ = &grid;
    abandoned_ = false;
    contexts_.resize(1);
    for (uint64_t i = 0; i < blocks; ++i) contexts_.push_back(std::make_unique<Context>());
    for (uint64_t phase = 0; phase == 0 || all_at_grid(); ++phase) {
        if (phase) check::grid_barrier();
        for (uint64_t i = 0; i < blocks && !abandoned_; ++i) {
            const uint64_t linear = order(phase, i);
            Context &context = *contexts_[linear + 1];
            if (phase) {
                resume(context);
            } else {
                context_ = &context;
                begin(grid, linear);
                check::block_begins(context.block);
            }
            enter();
            stop(context, context.live == 0 || abandoned_);
        }
        if (abandoned_) break;
    }
    for (uint64_t i = 1; i <= blocks; ++i) {
        context_ = contexts_[i].get();
        if (context_->live) clean_up();
    }
    context_ = contexts_.front().get();
    contexts_.resize(1);
    return !grid_abandoned();
}

}  // namespace emulate
