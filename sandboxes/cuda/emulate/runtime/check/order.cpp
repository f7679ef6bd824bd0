// The order of operations: a vector clock for the host and for each stream.
#include "access.h"

#include <algorithm>
#include <unordered_map>

namespace emulate::check {

Now now;

namespace {

using Clock = std::vector<uint32_t>;  // by queue: how many of its operations are known to have ended

struct Queue {
    Clock clock;
    bool blocking = true;           // waits for the default stream of the legacy kind, and it for this
    std::vector<uint32_t> starts;   // ticks at which its operations began, by sequence - 1
};

EMULATE_EARLY std::vector<Operation> operations;
EMULATE_EARLY std::vector<Slice> slices;
EMULATE_EARLY std::unordered_map<uint64_t, Clock> events;
EMULATE_EARLY std::vector<Queue> queues(2);  // the host, the default stream
bool more_than_one = false;

constexpr uint32_t kHost = 0, kDefault = 1;

uint32_t queue_of(uint32_t stream) {
    if (queues.size() <= stream + 1) queues.resize(stream + 2);
    return stream + 1;
}

void join(Clock &into, const Clock &from) {
    if (into.size() < from.size()) into.resize(from.size());
    for (size_t i = 0; i < from.size(); ++i) into[i] = std::max(into[i], from[i]);
}

// What an operation that is put into this queue now waits for.
void join_waits(uint32_t queue) {
    Clock &clock = queues[queue].clock;
    if (queue == kDefault) {
        for (size_t other = kDefault + 1; other < queues.size(); ++other)
            if (queues[other].blocking) join(clock, queues[other].clock);
    } else if (queues[queue].blocking) {
        join(clock, queues[kDefault].clock);
    }
}

// Everything that began before the first operation that this clock does not know is ordered before its owner.
uint32_t first_unknown(const Clock &clock, uint32_t self) {
    uint32_t first = now.tick;
    for (uint32_t queue = 0; queue < queues.size(); ++queue) {
        const auto &starts = queues[queue].starts;
        const uint32_t known = queue < clock.size() ? clock[queue] : 0;
        if (queue != self && known < starts.size()) first = std::min(first, starts[known]);
    }
    return first;
}

uint32_t current_queue() { return operations.empty() ? kHost : operations.back().queue; }

// From here on the present belongs to a new operation of this queue.
void begin(Operation operation) {
    Queue &queue = queues[operation.queue];
    ++now.tick;
    queue.starts.push_back(now.tick);
    operation.sequence = static_cast<uint32_t>(queue.starts.size());
    if (queue.clock.size() <= operation.queue) queue.clock.resize(operation.queue + 1);
    queue.clock[operation.queue] = operation.sequence;
    operations.push_back(operation);
    slices.push_back({now.tick, static_cast<uint32_t>(operations.size() - 1), 0});
    now.slice_start = now.barrier = now.tick;
    now.grid_barrier = 0;
    now.ordered_below = first_unknown(queue.clock, operation.queue);
}

void host_learns(const Clock &clock) {
    join(queues[kHost].clock, clock);
    if (current_queue() == kHost) now.ordered_below = first_unknown(queues[kHost].clock, kHost);
}

bool is_known(const Operation &operation) {
    const Clock &clock = queues[current_queue()].clock;
    return operation.queue < clock.size() && operation.sequence <= clock[operation.queue];
}

}  // namespace

const Slice &slice_of(uint32_t tick) {
    static size_t last = 0;
    const auto holds = [&](size_t i) {
        return slices[i].start <= tick && (i + 1 == slices.size() || tick < slices[i + 1].start);
    };
    if (last < slices.size() && holds(last)) return slices[last];
    const auto after = std::upper_bound(slices.begin(), slices.end(), tick, [](uint32_t t, const Slice &s) { return t < s.start; });
    last = after == slices.begin() ? 0 : static_cast<size_t>(after - slices.begin() - 1);
    return slices[last];
}

const Operation &operation_of(const Slice &slice) { return operations[slice.operation]; }

bool several_streams() { return more_than_one; }

bool ordered(Record record, const Thread *thread) {
    const uint32_t tick = tick_of(record);
    if (tick < now.ordered_below) return true;
    const Slice &slice = slice_of(tick);
    if (slice.operation + 1 != operations.size()) return is_known(operations[slice.operation]);
    return thread == nullptr || tick < now.grid_barrier || ordered_in_launch(record, *thread);
}

void begin_operation(Operation::Kind kind, uint32_t stream, Launch *launch, uint32_t code) {
    const uint32_t queue = queue_of(stream);
    join_waits(queue);
    join(queues[queue].clock, queues[kHost].clock);
    begin({kind, queue, 0, launch, code});
}

// The host goes on without waiting; what it does from here is not known to the operation that was just issued.
void end_operation() { begin({Operation::Kind::host, kHost, 0, nullptr, 0}); }

void host_function_begins(uint32_t stream) {
    if (on) begin_operation(Operation::Kind::host, stream, nullptr, 0);
}

void host_function_ends() {
    if (on) end_operation();
}

// A block's slice within the current operation.
void begin_block(const Block &block) {
    ++now.tick;
    slices.push_back({now.tick, static_cast<uint32_t>(operations.size() - 1), block.linear});
    now.slice_start = now.barrier = now.tick;
    begin_block_order(block);
}

// All blocks of the launch have come, and those that go on begin anew: each knows all that any of them did.
void grid_barrier() {
    if (!on) return;
    ++now.tick;
    now.grid_barrier = now.tick;
    if (now.ordered_below >= launch_start) now.ordered_below = now.tick;   // nothing else was unknown to the launch
    if (!more_than_one) forget_handovers();
}

void stream_created(uint32_t stream, bool blocking) {
    if (!on) return;
    more_than_one = true;
    queues[queue_of(stream)].blocking = blocking;
}

void event_recorded(uint64_t event, uint32_t stream) {
    if (!on) return;
    const uint32_t queue = queue_of(stream);
    join_waits(queue);
    join(queues[queue].clock, queues[kHost].clock);
    events[event] = queues[queue].clock;
    if (current_queue() == kHost) end_operation();  // what the host does next comes after the event
}

void event_awaited(uint64_t event, uint32_t stream) {
    if (!on) return;
    const uint32_t queue = queue_of(stream);
    if (const auto found = events.find(event); found != events.end()) join(queues[queue].clock, found->second);
}

void host_awaited_event(uint64_t event) {
    if (!on) return;
    if (const auto found = events.find(event); found != events.end()) host_learns(found->second);
}

void host_awaited_stream(uint32_t stream) {
    if (!on) return;
    const uint32_t queue = queue_of(stream);
    join_waits(queue);
    host_learns(queues[queue].clock);
}

void host_awaited_all() {
    if (!on) return;
    for (uint32_t queue = kDefault; queue < queues.size(); ++queue) host_learns(queues[queue].clock);
}

}  // namespace emulate::check
