// What the runtime tells the checker. Every function returns at once where checking is off (`on` is false); the runtime
// calls them under no lock, and, where checking is on, from one OS thread only.
#pragma once
#include "world.h"

namespace emulate::check {

extern bool on;
// Whether the user's code tells of its accesses: not so in a build with --no-check. From the runtime, at any time.
bool instrumented();

// Before main: reads the environment. After main, or at any other end: writes summaries and the end line.
void start();
// The program wants at run time what the emulation does not have.
[[noreturn]] void unsupported(const char *name);
void finish(const char *how);  // "exit" for the program's proper end; else "abort", "_exit", "segmentation fault", …

// Order. A launch is `ordered_after` everything that its stream, events and synchronisations say; the checker keeps a
// vector clock per stream (the host is one more party). `stream` 0 is the default stream of the legacy kind.
void stream_created(uint32_t stream, bool blocking);
void event_recorded(uint64_t event, uint32_t stream);
void event_awaited(uint64_t event, uint32_t stream);   // cudaStreamWaitEvent
void host_awaited_event(uint64_t event);               // cudaEventSynchronize, a successful query
void host_awaited_stream(uint32_t stream);             // cudaStreamSynchronize, …
void host_awaited_all();                               // cudaDeviceSynchronize, cudaFree, a synchronous copy of the default stream, …

// Between these a function of the host runs as an operation of that stream.
void host_function_begins(uint32_t stream);
void host_function_ends();

// Of code with frame pointers: the innermost call, from the function of that frame outwards, which is in the user's files.
const void *users_call(const void *frame);
void launch_begins(Launch &launch);
void launch_ends(Launch &launch, bool completed);      // false: abandoned after a fault
void grid_not_cooperative(Thread &thread, const void *pc);   // it waits for a grid that cannot
void launch_failed(const char *kernel, int error, const void *pc);  // refused before it ran
void exits(const void *pc);                            // `exit` is called from there
void error_seen();                                     // the program looked at an error code or at the last error

void block_begins(Block &block);                       // its shared memory is undefined now
void block_ends(Block &block);
// A block of a cooperative grid waits for the grid, while others run; all of them have come; it goes on.
void block_pauses(Block &block);
void grid_barrier();
void block_resumes(Block &block);
void thread_ends(Thread &thread);

// Threads of one block that went on together, after all of them had arrived.
void block_barrier(Block &block);
// Some threads arrived at different barriers (by return address), or some came to the kernel's end around it.
void divergent_barrier(Thread &here, const void *pc, Thread &other, const void *other_pc, bool other_exited);
// All that did not arrive had left the kernel, or what it consists of, by a `return`. Since Volta a barrier waits for "all
// non-exited threads" (Volta tuning guide, "Independent Thread Scheduling"): noted, and no fault.
void barrier_without_returned(Thread &here, const void *pc, Thread &returned);
void warp_barrier(Block &block, uint32_t warp, uint32_t mask);  // lanes of `mask`, all arrived: also every shuffle and vote
void bad_mask(Thread &thread, uint32_t mask, const void *pc, const char *why);

enum class Scope : uint8_t { block, device, system };
enum class Order : uint8_t { relaxed, acquire, release, acq_rel };
void fence(Scope scope);
// A hand-over that no access to memory shows, by any address that stands for it: after a fence for all, and its taker's part.
void hand_over(const void *place);
void take_over(const void *place);
// Before an atomic operation of the current thread takes place.
void atomic(const void *address, uint32_t size, bool writes, Order order, Scope scope, const void *pc,
            bool reads = true,      // false: a store or an exchange, which may well meet undefined memory
            bool decides = false);  // it compares with what is there, so that a stale look before it does no harm
// What the runtime itself touches for somebody: copies, memset, half atomics, memcpy_async, device printf's strings.
void device_access(const void *address, size_t size, bool write, const void *pc);

// An address (or what else decides where an instruction goes) that is no multiple of what it has to be: `rule` and the number.
void misaligned(const void *address, const char *rule, unsigned multiple, const void *pc);
// An asynchronous copy of the current thread: `read` bytes of its source go to `size` bytes of shared memory, the rest of which
// becomes 0. From its begin its target holds nothing that anybody may read. It ends just before the bytes are moved.
void copy_begins(void *to, const void *from, size_t size, size_t read, const void *pc);
void copy_ends(void *to, const void *from, size_t size, size_t read, const void *pc);
// Shared memory that is not to be read until a barrier's phase has ended; and now it may be.
void conceal(const void *address, size_t size);
void reveal(const void *address, size_t size);
// Textures and surfaces. A texel is read or written, in the memory that it lies in, before that takes place.
void texel(const void *address, size_t size, bool write, const void *pc);
// An access by a surface object that is refused: outside (of `there` bytes, rows and planes), or x is no multiple of the size.
void texel_outside(const void *surface, size_t size, const long long asked[3], const size_t there[3], bool write, const void *pc);
void texel_misaligned(const void *surface, size_t size, int x, bool write, const void *pc);
// A handle that is of no object (or of one of the other kind); of one that was destroyed.
void no_object(bool surface, bool other_kind, const void *pc);
void destroyed_object(bool surface, const void *destroyer, const void *pc);

// Memory. `kind` of what an address is.
enum class Memory : uint8_t { device, managed, pinned, symbol };
// A range of addresses in which all memory of this kind lies (told once each, in or before start(), before any
// `allocated`; at most 8). The shadow of an arena is reserved, not touched: 28 bytes of address space per 4 bytes.
// Variables are told only as arenas of kind `symbol` (from __start_ to __stop_ of the sections of __device__ and
// __constant__ variables) or `managed` (of __managed__ ones): the checker takes the names and sizes within from the symbol table of the program.
void arena(Memory kind, const void *base, size_t size);
void allocated(Memory kind, const void *address, size_t size, const void *pc);
// False: it must not be freed (never allocated, or freed before); reported.
bool freed(const void *address, const void *pc);
// A copy or a fill by the runtime, ordered in `stream`; null where it is host memory or a plain value.
void copied(const void *to, const void *from, size_t size, uint32_t stream, const void *pc);
// A copy or a fill that the runtime refuses for where it goes: reports freed memory and ends of allocations. Null: not asked.
void copy_refused(const void *to, const void *from, size_t size, const void *pc);
void filled(const void *to, size_t size, uint32_t stream, const void *pc);

// Faults as the device would raise them: decides from what the checker or the runtime saw. 700, 716, 0: none.
// The runtime asks after each access that the checker told it of, and abandons the grid by `abandon(code)`.
// A fault of the host: SIGSEGV on device memory.
void host_fault(const void *address, bool write, const void *pc);
void device_assert(const char *expression, const char *file, uint32_t line, const char *function);

}  // namespace emulate::check

// What the checker relies on, besides these calls:
// - the objects of the user are compiled with -g1 -fno-optimize-sibling-calls -fsanitize=thread
//   --param tsan-instrument-func-entry-exit=0 --param tsan-distinguish-volatile=1 -fsanitize=bounds-strict,alignment
//   (alignment: the only way to see a misaligned float4, which gcc otherwise splits into four accesses), and after that
//   `objcopy --redefine-sym memcpy=__emulate_memcpy`, likewise memmove and memset (the checker defines those three: they
//   tell of the bytes and then do the work). Linked with -lbacktrace (libgcc-12-dev has it), non-PIE, the user's objects first.
// - malloc, free, clock and the like of device code are redirected in the user's objects only (objcopy --redefine-sym), never
//   by --wrap: the checker, libstdc++ and the runtime's own containers allocate while `current` is set.
// - what the headers inline into the user's code is instrumented too. So threadIdx and its like are calls, or are read
//   from memory the checker knows to be the runtime's: `current` itself and what Thread, Block and Launch hold.
//   An atomic written in a header with __atomic_* must be memory_order_relaxed where CUDA's is, else it would hide a missing fence.
// - `pc` is a return address in the user's code (__builtin_return_address(0) of what the user's code called, or of a
//   wrapper that is always inlined); where several lines are inlined, the checker names the innermost that is not of our headers.
// - the copies of a kernel's arguments are made by a function with __attribute__((no_sanitize("thread"))), and lie on the stack of the fiber.
// - one block runs from its begin or resumption to its end or pause; at least 64 KiB of unmapped or unused addresses lie on both sides of dynamic shared memory.
// - `block_begins` comes before the first of its threads runs; `current` is null while the runtime works for the host.

namespace emulate {
// Implemented by the runtime, used by the checker.
// Ends the current grid with a sticky error; does not return.
[[noreturn]] void abandon(int cuda_error);
// Lets other threads of the block run: called from the checker at volatile reads, so that spinning waits end.
void let_others_run();
// Where an address lies, for the checker's tables.
bool in_stack_of_current(const void *address);
}  // namespace emulate
