// Barriers, fences, clocks, and functions of the C library as device code has them: build.py lets the user's objects, and
// only those, refer to these by other names (__emulate_malloc for malloc).
#include <cuda_runtime_api.h>

#include <assert.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <new>
#include <string>

#include "device.h"
#include "errors.h"
#include "faults.h"
#include "hooks.h"
#include "memory.h"
#include "worker.h"

using namespace emulate;

#define HERE __builtin_return_address(0)

void __syncthreads() { Worker::here().barrier(HERE, 0, nullptr); }
int __syncthreads_count(int predicate) { return Worker::here().barrier(HERE, predicate != 0, nullptr); }
int __syncthreads_or(int predicate) { return Worker::here().barrier(HERE, predicate != 0, nullptr) != 0; }
// All of those that are there: as many hold as do not lack.
int __syncthreads_and(int predicate) { return Worker::here().barrier(HERE, predicate == 0, nullptr) == 0; }

namespace emulate {
bool grid_is_cooperative() { return current && current->block->launch->cooperative; }
// The toolkit's own traps where a grid cannot wait (grid_group::sync of cooperative_groups.h).
void synchronise_grid() {
    if (grid_is_cooperative()) return Worker::here().grid_barrier(HERE);
    check::grid_not_cooperative(*current, HERE);
    abandon(cudaErrorLaunchFailure);
}
}  // namespace emulate

void __threadfence() { check::fence(check::Scope::device), __atomic_thread_fence(__ATOMIC_SEQ_CST); }
void __threadfence_block() { check::fence(check::Scope::block), __atomic_thread_fence(__ATOMIC_SEQ_CST); }
void __threadfence_system() { check::fence(check::Scope::system), __atomic_thread_fence(__ATOMIC_SEQ_CST); }

void __nanosleep(unsigned) { let_others_run(); }
void __trap() { abandon(cudaErrorLaunchFailure); }
void __brkpt() {}

// A counter that only ever grows; nothing about a GPU's cycles follows from it. One nanosecond is one cycle of the
// virtual device, which states a clock of 1 GHz.
long long clock64() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
unsigned long long __globaltimer() { return static_cast<unsigned long long>(clock64()); }

// clock() is the C library's on the host and the multiprocessor's counter on the device: one name for both.
extern "C" clock_t __emulate_clock() { return current ? static_cast<clock_t>(clock64()) : clock(); }

unsigned __isGlobal(const void *address) {
    Allocation found;
    return is_device(address) || find_allocation(address, found) || is_symbol(address);
}
unsigned __isLocal(const void *address) { return in_stack_of_current(address); }
// Shared memory is the OS thread's own storage, which ends where its pointer points to.
unsigned __isShared(const void *address) {
    const uintptr_t before_end = reinterpret_cast<uintptr_t>(__builtin_thread_pointer()) - reinterpret_cast<uintptr_t>(address);
    return before_end - 1 < thread_local_size();
}
unsigned __isConstant(const void *) { return 0; }

// malloc and free: the device's heap in device code. Its default size: programming guide, "Dynamic Global Memory Allocation".

static void *allocate_on_heap(size_t size, const void *pc) {
    void *begin = allocate(check::Memory::device, size ? size : 1, true);
    if (begin) check::allocated(check::Memory::device, begin, size, pc);
    return begin;
}

static void free_on_heap(void *address, const void *pc) {
    Allocation found;
    const bool known = find_allocation(address, found) && found.begin == address && found.heap;
    if (check::freed(address, pc) && known) release(check::Memory::device, address);
}

extern "C" void *__emulate_malloc(size_t size) { return current ? allocate_on_heap(size, HERE) : malloc(size); }
extern "C" void __emulate_free(void *address) { is_device(address) ? free_on_heap(address, HERE) : free(address); }
extern "C" void *__emulate_new(size_t size) { return current ? allocate_on_heap(size, HERE) : operator new(size); }
extern "C" void __emulate_delete(void *address) { is_device(address) ? free_on_heap(address, HERE) : operator delete(address); }
// objcopy wants a name of its own for each that it replaces.
extern "C" void *__emulate_new_array(size_t size) __attribute__((alias("__emulate_new")));
extern "C" void __emulate_delete_array(void *address) __attribute__((alias("__emulate_delete")));
extern "C" void __emulate_delete_sized(void *address) __attribute__((alias("__emulate_delete")));
extern "C" void __emulate_delete_array_sized(void *address) __attribute__((alias("__emulate_delete")));

// assert: on the device it says where, ends the grid, and the program goes on with cudaErrorAssert.

extern "C" void __emulate_assert_fail(const char *expression, const char *file, unsigned line, const char *function) {
    if (!current) __assert_fail(expression, file, line, function);
    // Templates of the C++ library may be linked as the user's code has them, and so tell the checker of what they touch.
    Thread *const thread = current;
    current = nullptr;
    std::string name = function ? function : "";
    if (const size_t end = name.find("::<lambda"); end != std::string::npos) name.erase(end);   // a kernel's body
    current = thread;
    const Index &b = current->block->index, &t = current->index;
    fprintf(stderr, "%s:%u: %s: block: [%u,%u,%u], thread: [%u,%u,%u] Assertion `%s` failed.\n", file, line, name.c_str(), b.x, b.y, b.z, t.x, t.y, t.z,
            expression);
    check::device_assert(expression, file, line, name.c_str());
    abandon(cudaErrorAssert);
}

// Two addresses in the barrier's word, of which no access of its own is told, stand for its phases.
namespace emulate {
static const void *phase_of(const void *barrier, bool odd) { return static_cast<const char *>(barrier) + 1 + odd; }
void phase_arrived(const void *barrier, bool odd) { check::hand_over(phase_of(barrier, odd)); }
void phase_passed(const void *barrier, bool odd) { check::take_over(phase_of(barrier, odd)); }
}  // namespace emulate

// Special registers of PTX. A block has a place on a multiprocessor among those that fit there at once.
namespace emulate::ptx {
[[noreturn]] void refuse(const char *name);
[[noreturn]] void exit_thread();
unsigned multiprocessors() { return emulate::multiprocessors; }
unsigned multiprocessor() { return static_cast<unsigned>(current->block->linear % emulate::multiprocessors); }
unsigned warp_slots() { return static_cast<unsigned>(capability().warps_per_multiprocessor); }
unsigned warp_slot() {
    const Block &block = *current->block;
    const int fit = std::max(1, blocks_that_fit(static_cast<int>(block.threads), block.launch->dynamic_shared));
    const auto place = static_cast<unsigned>(block.linear / emulate::multiprocessors % static_cast<unsigned>(fit));
    return place * ((block.threads + warp_size - 1) / warp_size) + current->warp;
}
unsigned dynamic_shared_size() { return current->block->launch->dynamic_shared; }
void exit_thread() { Worker::here().exit_thread(); }
void refuse(const char *name) { check::unsupported(name); }
}  // namespace emulate::ptx
