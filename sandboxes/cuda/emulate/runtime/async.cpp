// Asynchronous copies. They are done as late as they may be: when their thread waits for them, or hands them to a barrier.
#include <emulate/async.h>

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <vector>

#include "async.h"
#include "errors.h"
#include "hooks.h"
#include "worker.h"

using namespace emulate;

#define HERE __builtin_return_address(0)

namespace {

struct Copy {
    void *to;
    const void *from;
    size_t size, read;   // bytes
    size_t group;
    const void *pc;
};

// A thread's copies in order of issue, and how many groups it has committed.
struct Queue {
    std::vector<Copy> copies;
    size_t groups = 0;
};

struct Target {
    const void *barrier, *address;
    size_t size;
};

// Of the blocks that run on this OS thread.
thread_local std::unordered_map<const Thread *, Queue> queues;
// What was handed to a barrier whose phase goes on.
thread_local std::unordered_map<const Block *, std::vector<Target>> handed;

void complete(const Copy &copy) {
    check::copy_ends(copy.to, copy.from, copy.size, copy.read, copy.pc);
    memcpy(copy.to, copy.from, copy.read);
    memset(static_cast<char *>(copy.to) + copy.read, 0, copy.size - copy.read);
}

// Those of the first `groups` groups.
template <class Then>
void complete_groups(size_t groups, Then then) {
    const auto found = queues.find(current);
    if (found == queues.end()) return;
    auto &copies = found->second.copies;
    const auto end = std::find_if(copies.begin(), copies.end(), [=](const Copy &copy) { return copy.group >= groups; });
    for (auto copy = copies.begin(); copy != end; ++copy) complete(*copy), then(*copy);
    copies.erase(copies.begin(), end);
}

}  // namespace

namespace emulate::async {

void copy(void *to, const void *from, size_t size, size_t read) {
    const void *const pc = HERE;
    for (const void *address : {static_cast<const void *>(to), from})
        if (reinterpret_cast<uintptr_t>(address) % size != 0 && (address == to || read != 0)) {
            check::misaligned(address, "an asynchronous copy needs addresses that are multiples of its size, ", static_cast<unsigned>(size), pc);
            abandon(cudaErrorMisalignedAddress);
        }
    check::copy_begins(to, from, size, read, pc);
    Queue &queue = queues[current];
    queue.copies.push_back({to, from, size, read, queue.groups, pc});
}

void commit() { ++queues[current].groups; }

void wait(size_t pending) {
    const auto found = queues.find(current);
    if (found == queues.end() || found->second.groups <= pending) return;
    complete_groups(found->second.groups - pending, [](const Copy &) {});
}

void wait_all() {
    commit();
    wait(0);
}

void hand_over(const void *barrier) {
    commit();
    auto &targets = handed[current->block];
    complete_groups(queues[current].groups, [&](const Copy &copy) {
        check::conceal(copy.to, copy.size);
        targets.push_back({barrier, copy.to, copy.size});
    });
}

void phase_ends(const void *barrier) {
    const auto found = handed.find(current->block);
    if (found == handed.end()) return;
    auto &targets = found->second;
    const auto end = std::remove_if(targets.begin(), targets.end(), [=](const Target &target) {
        if (target.barrier == barrier) check::reveal(target.address, target.size);
        return target.barrier == barrier;
    });
    targets.erase(end, targets.end());
}

void forget(const Thread &thread) {
    if (!queues.empty()) queues.erase(&thread);
}

void forget(const Block &block) {
    if (!handed.empty()) handed.erase(&block);
}

}  // namespace emulate::async
