#include "worker.h"

#include <alloca.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "async.h"
#include "hooks.h"
#include "launches.h"

// Dynamic shared memory of the block that runs on this OS thread: every `extern __shared__` array is this one. 227 KiB is
// the most that a block can have on any device (compute capability 9.0, programming guide, table of technical specifications).
extern "C" {
extern __thread unsigned char emulate_dynamic_shared[];
// Unused bytes on both sides, that an index somewhat out of bounds meets nothing else.
constexpr size_t shared_margin = 64 << 10, shared_most = 227 << 10;
alignas(1024) __thread unsigned char emulate_dynamic_shared_room[shared_margin + shared_most + shared_margin];
}
asm(".globl emulate_dynamic_shared\n"
    ".type emulate_dynamic_shared, @tls_object\n"
    ".set emulate_dynamic_shared, emulate_dynamic_shared_room + 65536");

namespace emulate {

__thread Thread *current;

namespace {

// Yields of a block in which nothing else happened, before the OS thread lets others have its core.
constexpr uint32_t patience = 100000;

// Blocks, one of each OS thread that runs any, in which nothing has happened for long.
std::atomic<unsigned> spinning{0};

// Something has happened in a block.
void moves(Context &c) {
    c.idle_yields = 0;
    if (c.spins) c.spins = false, --spinning;
}

// xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled" (2016).
uint32_t draw(uint64_t &state, uint32_t below) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return static_cast<uint32_t>(((state * 0x2545F4914F6CDD1Dull >> 32) * below) >> 32);
}

// splitmix64: an unlike state for each block of each launch of each seed, never 0.
uint64_t mix(uint64_t seed, uint64_t launch, uint64_t block) {
    uint64_t z = seed * 0x9E3779B97F4A7C15ull + launch * 0xD1B54A32D192ED03ull + block * 0x8CB92BA72F3D8DD7ull + 1;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return (z ^ (z >> 31)) | 1;
}

}  // namespace

Worker::Worker() {
    contexts_.push_back(std::make_unique<Context>());
    context_ = contexts_.front().get();
}

Worker &Worker::here() {
    static thread_local Worker worker;
    return worker;
}

void Worker::tick() {
    // A thread that has run for a whole tick may wait, by plain reads, for another one of its block.
    const bool same = seen_switches_ == switches_;
    seen_switches_ = switches_;
    if (same && context_->ready_count > 0) yield();
}

bool Worker::run(const Grid &grid, uint64_t linear) {
    grid_ = &grid;
    abandoned_ = false;
    context_ = contexts_.front().get();
    begin(grid, linear);
    check::block_begins(context_->block);
    enter();
    if (abandoned_) clean_up();
    check::block_ends(context_->block);
    return !abandoned_;
}

void Worker::enter() {
    const uint32_t next = take_ready();
    Fiber &fiber = context_->fibers[next];
    if (!fiber.stack) {
        fiber.stack = stacks_.take();
        fiber.stack_pointer = prepare_stack(fiber.stack, &Worker::entry);
    }
    current = &context_->threads[next];
    emulate_switch(&home_, fiber.stack_pointer);
    current = nullptr;
}

// The block's threads are gone as they stand: device code holds nothing that would have to be given back.
void Worker::clean_up() {
    for (uint32_t i = 0; i < context_->block.threads; ++i) {
        if (context_->fibers[i].stack) stacks_.give(context_->fibers[i].stack);
        async::forget(context_->threads[i]);
    }
    async::forget(context_->block);
    for (uint32_t warp = 0; warp < context_->warps; ++warp) context_->meetings[warp].clear(), context_->open[warp].clear();
    free_meetings_.clear();
    for (auto &meeting : all_meetings_) free_meetings_.push_back(meeting.get());
}

void Worker::begin(const Grid &grid, uint64_t linear) {
    Context &c = *context_;
    const Index size = grid.launch->block, blocks = grid.launch->grid;
    const uint32_t threads = size.x * size.y * size.z;
    c.block = {grid.launch, {uint32_t(linear % blocks.x), uint32_t(linear / blocks.x % blocks.y), uint32_t(linear / blocks.x / blocks.y)},
               linear, threads, 0, emulate_dynamic_shared, c.threads};
    c.warps = (threads + warp_size - 1) / warp_size;
    Index index;
    for (uint32_t i = 0; i < threads; ++i) {
        c.threads[i] = {&c.block, index, i, i / warp_size, i % warp_size, false, false};
        c.fibers[i] = {};
        c.ready[i] = static_cast<uint16_t>(i);
        if (++index.x == size.x) {
            index.x = 0;
            if (++index.y == size.y) index.y = 0, ++index.z;
        }
    }
    for (uint32_t warp = 0; warp < c.warps; ++warp) {
        const uint32_t lanes = std::min(warp_size, threads - warp * warp_size);
        c.exited[warp] = lanes == warp_size ? 0 : ~0u << lanes;  // lanes that never were count as ended
        c.runnable[warp] = static_cast<uint16_t>(lanes);
    }
    c.ready_head = 0;
    c.ready_count = c.live = threads;
    c.waiting = 0;
    c.votes = c.nonzero = 0;
    moves(c);
    c.at_grid = false;
    c.random = grid.seed ? mix(grid.seed, grid.launch->id, linear) : 0;
    shuffle_ready(0);
}

// Orders the last `ready_count - from` ready threads by chance: the warps, and the lanes within each.
void Worker::shuffle_ready(uint32_t from) {
    Context &c = *context_;
    if (!c.random || c.ready_count - from < 2) return;
    const uint32_t count = c.ready_count - from;
    uint32_t key[max_warps];
    for (uint32_t warp = 0; warp < c.warps; ++warp) key[warp] = draw(c.random, 1u << 31);
    uint16_t order[max_block_threads];
    for (uint32_t i = 0; i < count; ++i) order[i] = c.ready[(c.ready_head + from + i) % max_block_threads];
    for (uint32_t i = count - 1; i > 0; --i) std::swap(order[i], order[draw(c.random, i + 1)]);
    std::stable_sort(order, order + count, [&](uint16_t a, uint16_t b) { return key[a / warp_size] < key[b / warp_size]; });
    for (uint32_t i = 0; i < count; ++i) c.ready[(c.ready_head + from + i) % max_block_threads] = order[i];
}

uint32_t Worker::take_ready() {
    Context &c = *context_;
    const uint32_t linear = c.ready[c.ready_head];
    c.ready_head = (c.ready_head + 1) % max_block_threads;
    --c.ready_count;
    return linear;
}

void Worker::make_ready(uint32_t linear) {
    Context &c = *context_;
    c.ready[(c.ready_head + c.ready_count++) % max_block_threads] = static_cast<uint16_t>(linear);
    ++c.runnable[linear / warp_size];
    moves(c);
}

void Worker::entry() { here().thread_main(); }

// Where every stack begins. A thread that ends leaves its stack to the next one that has not started, without a switch.
void Worker::thread_main() {
    const Grid &grid = *grid_;
    void *copy = alloca(grid.closure_size + 64);
    copy = reinterpret_cast<void *>((reinterpret_cast<uintptr_t>(copy) + 63) & ~uintptr_t(63));
    for (;;) {
        memcpy(copy, grid.closure, grid.closure_size);
        grid.body(copy);
        Fiber &ended = fiber();
        unsigned char *stack = ended.stack;
        ended.stack = nullptr;
        thread_ended();
        if (context_->live == 0 || context_->at_grid) {
            stacks_.give(stack);
            void *nowhere;
            emulate_switch(&nowhere, home_);
        }
        if (context_->ready_count == 0) stuck();
        ++switches_;
        const uint32_t next = take_ready();
        Fiber &fiber = context_->fibers[next];
        current = &context_->threads[next];
        if (fiber.stack) {
            // The pool may give this stack out at once, but nobody writes to it before this switch is done.
            stacks_.give(stack);
            void *nowhere;
            emulate_switch(&nowhere, fiber.stack_pointer);
        }
        fiber.stack = stack;
    }
}

// The current thread ends from within a function: its frames are left as they are.
void Worker::exit_thread() {
    Fiber &ended = fiber();
    unsigned char *stack = ended.stack;
    ended.stack = nullptr;
    current->returned = true;
    thread_ended();
    void *next = home_, *nowhere;
    if (context_->live != 0 && !context_->at_grid) {
        if (context_->ready_count == 0) stuck();
        ++switches_;
        const uint32_t linear = take_ready();
        Fiber &fiber = context_->fibers[linear];
        current = &context_->threads[linear];
        if (!fiber.stack) {
            fiber.stack = stacks_.take();
            fiber.stack_pointer = prepare_stack(fiber.stack, &Worker::entry);
        }
        next = fiber.stack_pointer;
    }
    stacks_.give(stack);   // nobody writes to it before this switch is done
    emulate_switch(&nowhere, next);
    __builtin_unreachable();
}

void Worker::thread_ended() {
    Context &c = *context_;
    Thread &self = *current;
    self.exited = true;
    c.exited[self.warp] |= 1u << self.lane;
    async::forget(self);
    if (--c.live == 0) async::forget(c.block);
    moves(c);
    check::thread_ends(self);
    for (size_t i = c.meetings[self.warp].size(); i-- > 0;) meeting_if_complete(self.warp, *c.meetings[self.warp][i]);
    if (--c.runnable[self.warp] == 0) settle_open(self.warp);
    barrier_if_complete();
}

void Worker::go_on() {
    Context &c = *context_;
    Fiber &from = fiber();
    Thread *const self = current;
    if (c.at_grid) {   // other blocks run now
        emulate_switch(&from.stack_pointer, home_);
        current = self;
        return;
    }
    if (c.ready_count == 0) stuck();
    const uint32_t next = take_ready();
    Fiber &to = c.fibers[next];
    ++switches_;
    if (&from == &to) return;
    current = &c.threads[next];
    if (!to.stack) {
        to.stack = stacks_.take();
        to.stack_pointer = prepare_stack(to.stack, &Worker::entry);
    }
    emulate_switch(&from.stack_pointer, to.stack_pointer);
    current = self;
}

void Worker::wait() {
    Context &c = *context_;
    const uint32_t warp = current->warp;
    if (--c.runnable[warp] == 0) settle_open(warp);
    go_on();
}

void Worker::yield() {
    Context &c = *context_;
    if (grid_abandoned()) abandon();
    if (++c.idle_yields > 2 * c.ready_count + 2) {
        // All that can run only spins. Whoever waits for a part of its warp to gather need not wait for those who spin.
        for (uint32_t warp = 0; warp < c.warps; ++warp) settle_open(warp);
        // Perhaps a block on another OS thread has what they wait for.
        if (c.idle_yields > patience && worker_count() > 1) sched_yield();
        // Or one that is there, too, but does not run until this one waits for the grid: on a device it would.
        if (c.idle_yields > 100 * patience && c.cooperative()) check::unsupported("blocks of a cooperative grid that wait for each other by memory alone");
        // Or one that begins only when this one has ended: on a device that has room for both it would.
        if (c.idle_yields == 100 * patience) c.spins = true, ++spinning;
        if (c.spins && spinning == workers_running() && blocks_not_begun()) check::unsupported("blocks that wait by memory for blocks that have not begun");
    }
    c.ready[(c.ready_head + c.ready_count++) % max_block_threads] = static_cast<uint16_t>(current->linear);
    go_on();
}

void Worker::abandon() {
    abandoned_ = true;
    void *nowhere;
    emulate_switch(&nowhere, home_);
    __builtin_unreachable();
}

// Nobody can run. If no gathering lanes can be let go, the block waits for ever: a barrier that not all reach.
void Worker::stuck() {
    Context &c = *context_;
    for (uint32_t warp = 0; warp < c.warps; ++warp)
        if (settle_open(warp)) return;
    Thread *here = nullptr, *other = nullptr;
    for (uint32_t i = 0; i < c.block.threads; ++i) {
        if (c.threads[i].exited) continue;
        (c.fibers[i].barrier ? here : other) = &c.threads[i];
    }
    if (here && other) check::divergent_barrier(*here, c.fibers[here->linear].barrier, *other, c.fibers[other->linear].meeting->place, false);
    // A display's watchdog would end the kernel so (programming guide, "run time limit on kernels").
    emulate::abandon(702);  // cudaErrorLaunchTimeout
}

// The block's barrier.

int Worker::barrier(const void *pc, int predicate, int *nonzero) {
    Context &c = *context_;
    Fiber &self = fiber();
    self.barrier = pc;
    ++c.waiting;
    c.votes += predicate != 0;
    c.nonzero |= predicate;
    if (--c.runnable[current->warp] == 0) settle_open(current->warp);
    barrier_if_complete();
    go_on();
    if (nonzero) *nonzero = c.result_nonzero;
    return c.result_votes;
}

bool Worker::barrier_if_complete() {
    Context &c = *context_;
    if (c.waiting == 0 || c.waiting != c.live) return false;
    if (c.cooperative() && arrive_at_grid()) return false;
    const uint32_t before = c.ready_count;
    Thread *first = nullptr;
    const void *pc = nullptr;
    for (uint32_t i = 0; i < c.block.threads; ++i) {
        Fiber &fiber = c.fibers[i];
        if (c.threads[i].exited) continue;
        if (!first) first = &c.threads[i], pc = fiber.barrier;
        else if (fiber.barrier != pc) check::divergent_barrier(*first, pc, c.threads[i], fiber.barrier, false);
        fiber.barrier = nullptr;
        make_ready(i);
    }
    if (c.live != c.block.threads) tell_of_exited(*first, pc);
    c.result_votes = c.votes;
    c.result_nonzero = c.nonzero;
    c.waiting = 0;
    c.votes = c.nonzero = 0;
    ++c.block.barriers;
    check::block_barrier(c.block);
    shuffle_ready(before);
    return true;
}

// Some threads are not at the barrier that opens, since they have ended.
void Worker::tell_of_exited(Thread &here, const void *pc) {
    Thread *returned = nullptr;
    for (uint32_t i = 0; i < context_->block.threads; ++i) {
        Thread &thread = context_->threads[i];
        if (!thread.exited) continue;
        if (!thread.returned) return check::divergent_barrier(here, pc, thread, nullptr, true);
        if (!returned) returned = &thread;
    }
    check::barrier_without_returned(here, pc, *returned);
}

// Operations of a warp.

Meeting *Worker::new_meeting() {
    if (free_meetings_.empty()) {
        all_meetings_.push_back(std::make_unique<Meeting>());
        free_meetings_.push_back(all_meetings_.back().get());
    }
    Meeting *meeting = free_meetings_.back();
    free_meetings_.pop_back();
    meeting->arrived = meeting->present = 0;
    return meeting;
}

Meeting &Worker::meet(uint32_t mask, uint8_t kind, uint64_t value, uint32_t extra, const void *pc) {
    Context &c = *context_;
    Thread &self = *current;
    const uint32_t me = 1u << self.lane;
    if (!(mask & me)) {
        check::bad_mask(self, mask, pc, "the calling lane is not in its mask");
        mask |= me;
    }
    auto &pending = c.meetings[self.warp];
    Meeting *meeting = nullptr;
    for (Meeting *candidate : pending)
        if (candidate->mask == mask && !(candidate->arrived & me)) meeting = candidate;
    if (!meeting) {
        meeting = new_meeting();
        meeting->mask = mask;
        meeting->kind = kind;
        meeting->place = pc;
        pending.push_back(meeting);
    } else if (meeting->kind != kind) {
        check::bad_mask(self, mask, pc, "lanes of one mask call different functions");
    }
    meeting->arrived |= me;
    meeting->values[self.lane] = value;
    meeting->extra[self.lane] = extra;
    fiber().meeting = meeting;
    --c.runnable[self.warp];
    meeting_if_complete(self.warp, *meeting);
    if (c.runnable[self.warp] == 0) settle_open(self.warp);
    go_on();
    fiber().meeting = nullptr;
    return *meeting;
}

void Worker::meeting_if_complete(uint32_t warp, Meeting &meeting) {
    Context &c = *context_;
    // "all non-exited threads named in mask must execute the same intrinsic" (programming guide, warp functions).
    if ((meeting.arrived | c.exited[warp]) != (meeting.mask | c.exited[warp])) return;
    auto &pending = c.meetings[warp];
    pending.erase(std::find(pending.begin(), pending.end(), &meeting));
    meeting.present = meeting.arrived;
    check::warp_barrier(c.block, warp, meeting.arrived);
    const uint32_t before = c.ready_count;
    for (uint32_t lanes = meeting.arrived; lanes; lanes &= lanes - 1) make_ready(warp * warp_size + __builtin_ctz(lanes));
    shuffle_ready(before);
}

Meeting &Worker::meet_open(uint64_t value, const void *pc) {
    Context &c = *context_;
    Thread &self = *current;
    Meeting *meeting = nullptr;
    for (Meeting *candidate : c.open[self.warp])
        if (candidate->place == pc) meeting = candidate;
    if (!meeting) {
        meeting = new_meeting();
        meeting->place = pc;
        c.open[self.warp].push_back(meeting);
    }
    meeting->arrived |= 1u << self.lane;
    meeting->values[self.lane] = value;
    fiber().meeting = meeting;
    wait();
    fiber().meeting = nullptr;
    return *meeting;
}

// Lets the lanes go that gathered at one place, since no lane that could still join them runs.
bool Worker::settle_open(uint32_t warp) {
    Context &c = *context_;
    if (c.open[warp].empty()) return false;
    Meeting &meeting = *c.open[warp].front();
    c.open[warp].erase(c.open[warp].begin());
    meeting.mask = meeting.present = meeting.arrived;
    const uint32_t before = c.ready_count;
    for (uint32_t lanes = meeting.arrived; lanes; lanes &= lanes - 1) make_ready(warp * warp_size + __builtin_ctz(lanes));
    shuffle_ready(before);
    return true;
}

void Worker::leave(Meeting &meeting) {
    meeting.present &= ~(1u << current->lane);
    if (meeting.present == 0) free_meetings_.push_back(&meeting);
}

}  // namespace emulate
