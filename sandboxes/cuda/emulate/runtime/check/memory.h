// Allocations: what lies where, what became of it, and what copies and fills left in it.
#pragma once
#include <map>
#include <string>

#include "access.h"

namespace emulate::check {

// The last copy or fill of a range that has not been put into the shadow word by word.
struct Bulk {
    uintptr_t end;
    Origin origin;
    uint32_t tick, code;
};

struct Allocation {
    uintptr_t base;
    size_t size;
    Memory kind;
    uint32_t id;           // 1, 2, … in the order of allocation
    uint32_t code;         // who allocated
    bool freed;
    uint32_t freed_code;   // who freed
    std::map<uintptr_t, Bulk> bulk;  // by start, not overlapping
};

// The allocation that holds the address, or else the last that lies before it; null: none.
Allocation *allocation_at(uintptr_t address);
// The state of a word that has not been looked at, from where it lies; valid bits 0: nowhere.
uint32_t first_state(Region &region, size_t word);
// `tile+68`, `allocation 2 (main.cu:31)+128`.
std::string describe(uintptr_t address);
std::string describe_shared(uintptr_t address);  // empty: not in or near shared memory
Region *arena_of(const void *address);
// Forgets the words that lie wholly in the range.
void drop_shadow(Region &region, uintptr_t from, uintptr_t to);
uint32_t valid_bytes(uintptr_t word, uintptr_t from, uintptr_t to);  // which bytes of a word lie in the range
// The variables of the program as an arena, where the runtime did not tell of one.
void find_variables();
// Shared memory of the block that begins; none between blocks.
void begin_shared(const Block &block);
void end_shared();
// A block of a cooperative grid waits, and another one has the shared memory; it goes on; none of the launch waits any more.
void pause_shared(const Block &block);
void resume_shared(const Block &block);
void forget_paused();
// A shared address that is not in a region: beyond the dynamic array, or elsewhere in the thread-local block.
bool near_shared(uintptr_t address);
// Whether it is the program's own shared memory, so that writing there hurts nobody else.
bool is_of_program(uintptr_t address);

}  // namespace emulate::check
