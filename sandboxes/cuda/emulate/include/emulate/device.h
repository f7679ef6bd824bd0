// Device code's barriers, fences, clocks and assertions.
#pragma once
#include <stddef.h>

constexpr int warpSize = 32;

void __syncthreads();
int __syncthreads_count(int predicate);
int __syncthreads_and(int predicate);
int __syncthreads_or(int predicate);

namespace emulate {
// For cooperative groups: whether all blocks of the grid can wait for each other, and to wait so.
bool grid_is_cooperative();
void synchronise_grid();
// For the checker: the current thread has arrived at a phase of a barrier of libcu++, with what it did before; has passed it,
// and knows what all did before they arrived. Phases alternate. Outside of kernels, nothing.
void phase_arrived(const void *barrier, bool odd);
void phase_passed(const void *barrier, bool odd);
}  // namespace emulate

void __threadfence();
void __threadfence_block();
void __threadfence_system();

void __nanosleep(unsigned nanoseconds);
[[noreturn]] void __trap();
void __brkpt();
long long clock64();
unsigned long long __globaltimer();

// What an address is: only what the emulation can tell apart.
unsigned __isGlobal(const void *address);
unsigned __isShared(const void *address);
unsigned __isConstant(const void *address);
unsigned __isLocal(const void *address);

#define __builtin_assume(condition) ((void)0)
