// The shared memory of the block that runs. Static arrays are thread-local variables of the program, dynamic shared memory
// is where the block says; both are new, and undefined, for every block.
#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <vector>

#include "memory.h"
#include "symbols.h"

// Behind the user's own (a_text_end.cpp).
extern "C" __thread unsigned char emulate_shared_end[4 << 10];

namespace emulate::check {

Region static_shared, dynamic_shared;

namespace {

// 227 KiB is the most that a block can have on any device (compute capability 9.0, programming guide, technical specifications).
constexpr size_t kMostShared = 227 << 10;
// What lies this near before dynamic shared memory, in no variable, is taken as reached from it.
constexpr size_t kNear = 4 << 10;

Region static_space, dynamic_space;  // with their shadow; what is current is a view of these
EMULATE_EARLY std::vector<uint32_t> fresh;         // the state of static shared memory when a block begins
EMULATE_EARLY std::unordered_map<uint64_t, std::vector<uint32_t>> paused;   // states of the shared memory of blocks that wait
uintptr_t prepared_for = 0;          // the address of dynamic shared memory of the OS thread that this is set up for

// The variables of the user's objects come before the runtime's own, as they are linked in this order.
void prepare(uintptr_t dynamic) {
    prepared_for = dynamic;
    const auto &variables = shared_variables();
    const auto end = reinterpret_cast<uintptr_t>(emulate_shared_end);
    uintptr_t from = end;
    for (const Variable &variable : variables) from = std::min(from, variable.address);
    static_space.shared = dynamic_space.shared = true;
    if (dynamic_space.state == nullptr) reserve_shadow(dynamic_space, dynamic, kMostShared);
    dynamic_space.base = dynamic;
    fresh.clear();
    static_space.size = 0;
    if (from >= end) return;
    const uintptr_t to = end + sizeof emulate_shared_end;   // nothing of the program's, but shared memory is what it was meant to be
    from &= ~uintptr_t{3};
    if (static_space.state == nullptr) reserve_shadow(static_space, from, to - from);
    static_space.base = from;
    static_space.size = to - from;
    fresh.resize((to - from) / 4 + 1);
    for (const Variable &variable : variables)
        for (uintptr_t at = variable.address; at < variable.address + variable.size && variable.address < end; ++at)
            fresh[(at - from) / 4] |= (1u << state::kValid | uint32_t{variable.guard} << state::kDefined) << ((at - from) & 3);
}

}  // namespace

void begin_shared(const Block &block) {
    const auto dynamic = reinterpret_cast<uintptr_t>(block.dynamic_shared);
    if (dynamic != prepared_for || static_space.state == nullptr) prepare(dynamic);
    static_shared = static_space;
    if (!fresh.empty()) memcpy(static_space.state, fresh.data(), fresh.size() * sizeof fresh[0]);
    dynamic_shared = dynamic_space;
    dynamic_shared.size = std::min<size_t>(block.launch->dynamic_shared, kMostShared);
    std::fill_n(dynamic_shared.state, dynamic_shared.size / 4, 15u << state::kValid);
    if (dynamic_shared.size % 4 != 0)
        dynamic_shared.state[dynamic_shared.size / 4] = valid_bytes(dynamic_shared.size & ~size_t{3}, 0, dynamic_shared.size) << state::kValid;
}

void pause_shared(const Block &block) {
    auto &kept = paused[block.linear];
    kept.clear();
    // What was accessed before the grid's barrier is ordered before all that comes: what there is, and what is defined, is kept.
    for (const Region *region : {&static_shared, &dynamic_shared})
        for (size_t word = 0; word < (region->size + 3) / 4; ++word) kept.push_back(region->state[word] & (15u << state::kValid | 15u << state::kDefined | state::kOriginMask));
    end_shared();
}

void resume_shared(const Block &block) {
    begin_shared(block);
    const auto &kept = paused[block.linear];
    const size_t first = (static_shared.size + 3) / 4;
    std::copy(kept.begin(), kept.begin() + static_cast<ptrdiff_t>(first), static_shared.state);
    std::copy(kept.begin() + static_cast<ptrdiff_t>(first), kept.end(), dynamic_shared.state);
}

void forget_paused() { paused.clear(); }

void end_shared() { static_shared.size = dynamic_shared.size = 0; }

bool near_shared(uintptr_t address) {
    return dynamic_space.base != 0 && address - (dynamic_space.base - kNear) < kMostShared + kNear;
}

bool is_of_program(uintptr_t address) {
    if (address - dynamic_space.base < kMostShared) return true;
    const uintptr_t offset = address - static_space.base;
    return offset < static_space.size && (static_space.state[offset / 4] >> (state::kValid + (address & 3)) & 1) != 0;
}

std::string describe_shared(uintptr_t address) {
    if (address - static_space.base < static_space.size)
        if (const Variable *variable = variable_at(shared_variables(), std::min(address, reinterpret_cast<uintptr_t>(emulate_shared_end) - 1)))
            return variable->name + "+" + std::to_string(address - variable->address);
    if (!near_shared(address)) return "";
    const bool before = address < dynamic_space.base;
    return std::string("dynamic shared memory") + (before ? "-" : "+") + std::to_string(before ? dynamic_space.base - address : address - dynamic_space.base);
}

}  // namespace emulate::check
