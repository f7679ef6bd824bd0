// Functions of a warp. The lanes of a mask meet, each with a value, and then each reads what it wants of the others'.
#include <cuda_runtime_api.h>
#include <emulate/warp.h>

#include <cstring>
#include <type_traits>

#include "hooks.h"
#include "worker.h"

using namespace emulate;

#define HERE __builtin_return_address(0)

namespace {

enum Kind : uint8_t { barrier, vote, shuffle, match, reduce };

template <class T>
uint64_t bits_of(T value) {
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof value);
    return bits;
}

template <class T>
T value_of(uint64_t bits) {
    T value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// What one lane makes of a meeting, and then leaves it.
template <class Read>
auto met(uint32_t mask, Kind kind, uint64_t value, const void *pc, Read read) {
    Worker &worker = Worker::here();
    Meeting &meeting = worker.meet(mask, kind, value, 0, pc);
    auto result = read(meeting);
    worker.leave(meeting);
    return result;
}

uint32_t ballot(uint32_t mask, int predicate, const void *pc) {
    return met(mask, vote, predicate != 0, pc, [](const Meeting &meeting) {
        uint32_t result = 0;
        for (uint32_t lanes = meeting.arrived; lanes; lanes &= lanes - 1) {
            const uint32_t lane = __builtin_ctz(lanes);
            result |= static_cast<uint32_t>(meeting.values[lane]) << lane;
        }
        return result;
    });
}

// The lane of the warp that a lane reads, or itself where there is none: programming guide, warp shuffle functions. `lane`
// counts within a section of `width` lanes.
template <class T, class Source>
T shuffled(uint32_t mask, T value, int width, const void *pc, Source source_in_section) {
    const uint32_t me = current->lane, section = me & ~(static_cast<uint32_t>(width) - 1), within = me - section;
    const int64_t wanted = source_in_section(static_cast<int64_t>(within));
    const uint32_t source = wanted < 0 || wanted >= width ? me : section + static_cast<uint32_t>(wanted);
    Thread &self = *current;
    return met(mask, shuffle, bits_of(value), pc, [&](const Meeting &meeting) {
        if (meeting.arrived >> source & 1) return value_of<T>(meeting.values[source]);
        // The value is undefined. Lanes that the mask leaves out are often read for nothing, and what was read is dropped.
        if (mask >> source & 1) check::bad_mask(self, mask, pc, "reads a lane of the mask that has ended");
        return value;   // undefined on a device
    });
}

template <class T, class Combine>
T reduced(uint32_t mask, T value, const void *pc, Combine combine) {
    return met(mask, reduce, bits_of(value), pc, [&](const Meeting &meeting) {
        uint32_t lanes = meeting.arrived;
        T result = value_of<T>(meeting.values[__builtin_ctz(lanes)]);
        for (lanes &= lanes - 1; lanes; lanes &= lanes - 1) result = combine(result, value_of<T>(meeting.values[__builtin_ctz(lanes)]));
        return result;
    });
}

uint32_t same_value(const Meeting &meeting, uint64_t value) {
    uint32_t result = 0;
    for (uint32_t lanes = meeting.arrived; lanes; lanes &= lanes - 1) {
        const uint32_t lane = __builtin_ctz(lanes);
        if (meeting.values[lane] == value) result |= 1u << lane;
    }
    return result;
}

}  // namespace

void __syncwarp(unsigned mask) { met(mask, Kind::barrier, 0, HERE, [](const Meeting &) { return 0; }); }

unsigned __activemask() { return gather(HERE); }

unsigned __ballot_sync(unsigned mask, int predicate) { return ballot(mask, predicate, HERE); }
int __any_sync(unsigned mask, int predicate) { return ballot(mask, predicate, HERE) != 0; }
// All that take part hold: none lacks.
int __all_sync(unsigned mask, int predicate) { return ballot(mask, !predicate, HERE) == 0; }
int __uni_sync(unsigned mask, int predicate) {
    return met(mask, vote, predicate != 0, HERE, [&](const Meeting &meeting) { return same_value(meeting, predicate != 0) == meeting.arrived; });
}

#define EMULATE_SHUFFLE(T)                                                                                           \
    T __shfl_sync(unsigned mask, T value, int lane, int width) {                                                     \
        return shuffled(mask, value, width, HERE, [=](int64_t) -> int64_t { return lane & (width - 1); });            \
    }                                                                                                                \
    T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width) {                                            \
        return shuffled(mask, value, width, HERE, [=](int64_t within) { return within - int64_t(delta); });          \
    }                                                                                                                \
    T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width) {                                          \
        return shuffled(mask, value, width, HERE, [=](int64_t within) { return within + int64_t(delta); });          \
    }                                                                                                                \
    T __shfl_xor_sync(unsigned mask, T value, int lanes, int width) {                                                \
        return shuffled(mask, value, width, HERE, [=](int64_t within) { return within ^ int64_t(lanes); });          \
    }                                                                                                                \
    unsigned __match_any_sync(unsigned mask, T value) {                                                              \
        return met(mask, match, bits_of(value), HERE, [&](const Meeting &meeting) { return same_value(meeting, bits_of(value)); }); \
    }                                                                                                                \
    unsigned __match_all_sync(unsigned mask, T value, int *predicate) {                                              \
        return met(mask, match, bits_of(value), HERE, [&](const Meeting &meeting) {                                  \
            *predicate = same_value(meeting, bits_of(value)) == meeting.arrived;                                     \
            return *predicate ? meeting.arrived : 0;                                                                 \
        });                                                                                                          \
    }
EMULATE_FOR_SHUFFLED(EMULATE_SHUFFLE)

#define EMULATE_REDUCE(name, T, expression) \
    T name(unsigned mask, T value) { return reduced(mask, value, HERE, [](T a, T b) -> T { return expression; }); }
EMULATE_REDUCE(__reduce_add_sync, unsigned, a + b)
EMULATE_REDUCE(__reduce_min_sync, unsigned, a < b ? a : b)
EMULATE_REDUCE(__reduce_max_sync, unsigned, a > b ? a : b)
EMULATE_REDUCE(__reduce_add_sync, int, static_cast<int>(static_cast<unsigned>(a) + static_cast<unsigned>(b)))
EMULATE_REDUCE(__reduce_min_sync, int, a < b ? a : b)
EMULATE_REDUCE(__reduce_max_sync, int, a > b ? a : b)
EMULATE_REDUCE(__reduce_and_sync, unsigned, a &b)
EMULATE_REDUCE(__reduce_or_sync, unsigned, a | b)
EMULATE_REDUCE(__reduce_xor_sync, unsigned, a ^ b)

namespace emulate {

unsigned gather(const void *place) {
    Worker &worker = Worker::here();
    Meeting &meeting = worker.meet_open(0, place);
    const uint32_t mask = meeting.mask;
    worker.leave(meeting);
    return mask;
}

unsigned long long exchange(unsigned mask, unsigned long long value, unsigned source) {
    return met(mask, shuffle, value, HERE, [&](const Meeting &meeting) { return meeting.arrived >> source & 1 ? meeting.values[source] : value; });
}

unsigned lane() { return current->lane; }

unsigned warp_lanes() {
    const uint32_t first = current->warp * warp_size, left = current->block->threads - first;
    return left >= warp_size ? ~0u : (1u << left) - 1;
}

}  // namespace emulate
